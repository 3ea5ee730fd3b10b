import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCertificates } from '../certificates/certificate.js';
import { trustedTime } from '../certificates/timestamp.js';
import { newKey } from '../testing/pki.js';
import { signerOfFile, signFile } from './detached.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-openssl-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
writeFileSync(at('weights.bin'), Buffer.alloc(3 * 2 ** 20 + 5, 7));

const openssl = (...args: readonly string[]): string =>
  execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const PSS = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32'];
const KEYS: readonly (readonly [string, KeyObject, string, readonly string[]])[] = [
  ['P-256', newKey('P-256'), 'sha256', []],
  ['P-384', newKey('P-384'), 'sha384', []],
  ['P-521', newKey('P-521'), 'sha512', []],
  ['RSA-PSS', rsa, 'sha256', PSS],
  ['RSA PKCS #1', rsa, 'sha256', []],
];

function keep(name: string, key: KeyObject): readonly [string, string] {
  const [secret, open] = [at(`${name}.key`), at(`${name}.pub`)];
  writeFileSync(secret, key.export({ format: 'pem', type: 'pkcs8' }));
  writeFileSync(open, createPublicKey(key).export({ format: 'pem', type: 'spki' }));
  return [secret, open];
}

describe.runIf(hasOpenssl)('a detached signature', () => {
  it.each(KEYS)('by %s is proven by openssl, and one of openssl by us', async (name, key, hash, options) => {
    const [secret, open] = keep(name, key);
    writeFileSync(at('s'), await signFile(at('weights.bin'), key, name === 'RSA-PSS' ? 'pss' : 'pkcs1'));
    const args = ['dgst', `-${hash}`, '-verify', open, ...options, '-signature', 's', 'weights.bin'];
    expect(openssl(...args)).toContain('Verified OK');
    openssl('dgst', `-${hash}`, '-sign', secret, ...options, '-out', 's', 'weights.bin');
    const keys = [createPublicKey(newKey()), createPublicKey(key)];
    expect(await signerOfFile(at('weights.bin'), readFileSync(at('s')), keys)).toBe(keys[1]);
    const base64 = Buffer.from(
      `${
        readFileSync(at('s'))
          .toString('base64')
          .match(/.{1,64}/g)
          ?.join('\n') ?? ''
      }\n`,
    );
    expect(await signerOfFile(at('weights.bin'), base64, keys)).toBe(keys[1]);
    writeFileSync(at('other.bin'), 'other');
    expect(await signerOfFile(at('other.bin'), readFileSync(at('s')), keys)).toBeUndefined();
  });

  it('by Ed25519 goes both ways too', async () => {
    const key = generateKeyPairSync('ed25519').privateKey;
    const [secret, open] = keep('ed', key);
    writeFileSync(at('s'), await signFile(at('weights.bin'), key, 'pss'));
    expect(
      openssl('pkeyutl', '-verify', '-pubin', '-inkey', open, '-rawin', '-in', 'weights.bin', '-sigfile', 's'),
    ).toMatch(/Success/);
    openssl('pkeyutl', '-sign', '-inkey', secret, '-rawin', '-in', 'weights.bin', '-out', 's');
    const keys = [createPublicKey(key)];
    expect(await signerOfFile(at('weights.bin'), readFileSync(at('s')), keys)).toBe(keys[0]);
  });
});

describe.runIf(hasOpenssl)('a time stamp of openssl', () => {
  const CONFIG = `[req]
distinguished_name=dn
[dn]
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
[tsa]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
[stamp]
serial=serial
digests=sha256
default_policy=1.2.3.4
signer_digest=sha256
ess_cert_id_alg=sha256
`;
  const stamp = (): { token: Buffer; root: Buffer } => {
    writeFileSync(at('c.cnf'), CONFIG);
    writeFileSync(at('serial'), '01');
    keep('ca', newKey());
    keep('tsa', newKey());
    openssl(
      'req',
      '-x509',
      '-new',
      '-key',
      'ca.key',
      '-subj',
      '/CN=root',
      '-days',
      '3',
      '-out',
      'ca.pem',
      '-config',
      'c.cnf',
      '-extensions',
      'ca',
    );
    openssl('req', '-new', '-key', 'tsa.key', '-subj', '/CN=tsa', '-config', 'c.cnf', '-out', 'tsa.csr');
    openssl(
      'x509',
      '-req',
      '-in',
      'tsa.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-set_serial',
      '2',
      '-days',
      '2',
      '-extfile',
      'c.cnf',
      '-extensions',
      'tsa',
      '-out',
      'tsa.pem',
    );
    writeFileSync(at('signature'), 'the signature');
    openssl('ts', '-query', '-data', 'signature', '-sha256', '-cert', '-out', 'q');
    openssl(
      'ts',
      '-reply',
      '-queryfile',
      'q',
      '-signer',
      'tsa.pem',
      '-inkey',
      'tsa.key',
      '-config',
      'c.cnf',
      '-section',
      'stamp',
      '-out',
      'r',
    );
    return { token: readFileSync(at('r')), root: readFileSync(at('ca.pem')) };
  };

  it('says when a signature existed, for that signature and that root only', () => {
    const { token, root } = stamp();
    const roots = readCertificates(root);
    const signature = Buffer.from('the signature');
    const time = trustedTime(token, signature, roots, Date.now());
    expect(Math.abs(time - Date.now())).toBeLessThan(3_600_000);
    expect(() => trustedTime(token, Buffer.from('another'), roots, Date.now())).toThrow(/another signature/);
    expect(() => trustedTime(token, signature, [], Date.now())).toThrow(/no path/);
    expect(() => trustedTime(token, signature, roots, time - 3_600_000)).toThrow(/future/);
    const later = Buffer.from(token);
    const written = token.indexOf(Buffer.of(0x18, 0x0f));
    later.writeUInt8(later.readUInt8(written + 15) ^ 1, written + 15);
    expect(() => trustedTime(later, signature, roots, Date.now())).toThrow(/was changed/);
    for (let place = 0; place < token.length; place += 7) {
      const spoilt = Buffer.from(token);
      spoilt.writeUInt8(spoilt.readUInt8(place) ^ 4, place);
      let read: number | undefined;
      try {
        read = trustedTime(spoilt, signature, roots, Date.now());
      } catch (thrown) {
        expect((thrown as Error).name).toBe('SignatureFault');
      }
      // Bytes outside of what is signed, such as the status around the token, may change; the time may not.
      expect(read ?? time).toBe(time);
    }
  });
});
