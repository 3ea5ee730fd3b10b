import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitKey, plainAddress, TrustedPeers } from './peers.js';
import { publicUrl, withoutPrefix } from './public-url.js';

const direct = { configured: undefined, believesProxy: false, isTls: false };
const spoof = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-prefix': '/x' };

describe('the address by which we were reached', () => {
  it('is what the request names as its host, and nothing that strangers say about it', () => {
    expect(publicUrl(direct, { host: 'models:4110', ...spoof })).toBe('http://models:4110');
    expect(publicUrl({ ...direct, isTls: true }, { host: '[::1]:4110' })).toBe('https://[::1]:4110');
  });

  it('is what a trusted proxy says', () => {
    expect(publicUrl({ ...direct, believesProxy: true }, { host: 'inner', ...spoof })).toBe('https://evil.example/x');
    expect(publicUrl({ ...direct, believesProxy: true }, { host: 'inner' })).toBe('http://inner');
  });

  it('is what was configured, whoever says what', () => {
    const configured = 'https://models.example/hf';
    expect(publicUrl({ configured, believesProxy: true, isTls: false }, { host: 'evil', ...spoof })).toBe(configured);
  });

  it.each(['a b', 'a/b', 'user@host', 'a"b', '', 'a:99x', 'x?y', '-', '[::1'])('is refused for the host %j', (host) => {
    expect(publicUrl(direct, { host })).toBeUndefined();
  });

  it('never has more than scheme, host and a plain prefix', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (host, proto, prefix) => {
        const headers = {
          host: 'h',
          'x-forwarded-host': host,
          'x-forwarded-proto': proto,
          'x-forwarded-prefix': prefix,
        };
        const url = publicUrl({ ...direct, believesProxy: true }, headers);
        if (url !== undefined) expect(url).toMatch(/^https?:\/\/[\w.:[\]-]+(?:\/[\w.~-]+)*$/);
      }),
    );
  });

  it('is taken off paths that begin with its prefix', () => {
    expect(withoutPrefix('/hf/api/models/a', 'http://h/hf')).toBe('/api/models/a');
    expect(withoutPrefix('/hf', 'http://h/hf')).toBe('/');
    expect(withoutPrefix('/hfx/api', 'http://h/hf')).toBe('/hfx/api');
    expect(withoutPrefix('/api', 'http://h')).toBe('/api');
  });
});

describe('who asks', () => {
  const trusted = new TrustedPeers(['10.0.0.0/8', '::1', 'fd00::/8']);

  it('is the peer, unless that is a trusted proxy', () => {
    expect(trusted.clientOf('192.0.2.1', { 'x-forwarded-for': '1.2.3.4' })).toBe('192.0.2.1');
    expect(trusted.clientOf('10.1.2.3', { 'x-forwarded-for': '1.2.3.4' })).toBe('1.2.3.4');
    expect(trusted.clientOf('fd12::1', { 'x-forwarded-for': '[2001:db8::1]:99' })).toBe('2001:db8::1');
    expect(trusted.clientOf('10.1.2.3', {})).toBe('10.1.2.3');
  });

  it('is what the nearest proxy saw, not what the client wrote before it', () => {
    expect(trusted.clientOf('10.1.2.3', { 'x-forwarded-for': '6.6.6.6, 1.2.3.4, 10.9.9.9' })).toBe('1.2.3.4');
    expect(trusted.clientOf('10.1.2.3', { 'x-forwarded-for': '1.2.3.4, nonsense' })).toBe('10.1.2.3');
  });

  it('has an address in one spelling', () => {
    expect(plainAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
    expect(plainAddress('10.0.0.1:80')).toBe('10.0.0.1');
    expect(plainAddress('300.0.0.1')).toBeUndefined();
    expect(plainAddress('fe80::1%eth0')).toBeUndefined();
  });

  it('is counted by network where one client has many addresses', () => {
    expect(limitKey('2001:db8:1:2:3:4:5:6')).toBe(limitKey('2001:db8:1:2::9'));
    expect(limitKey('2001:db8:1:2::9')).not.toBe(limitKey('2001:db8:1:3::9'));
    expect(limitKey('10.0.0.1')).toBe('10.0.0.1');
  });

  it('is an address or nothing, whatever is written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => {
        const address = plainAddress(text);
        if (address !== undefined) expect(() => trusted.has(address)).not.toThrow();
        if (address !== undefined) expect(limitKey(address)).toBeTruthy();
      }),
    );
  });
});
