import { X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { rootCertificates } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Transport } from '../../net/index.js';
import { isPublicChain } from './public-chain.js';
import { leadTo } from './lead-to.js';
import { parsePing } from './ping.js';
import { rateLimitOf } from './rate-limit-of.js';
import { probeGoodput } from './probe-goodput.js';
import { probeResolvers } from './probe-resolvers.js';
import { isSettled } from './settled.js';
import { outOfOrderShare, segmentsReceived } from './segments-received.js';

const IPUTILS = `PING 192.0.2.1 (192.0.2.1) 56(84) bytes of data.

--- 192.0.2.1 ping statistics ---
25 packets transmitted, 24 received, 4% packet loss, time 4820ms
rtt min/avg/max/mdev = 11.204/12.350/19.001/1.400 ms
`;
const BUSYBOX = `PING 192.0.2.1 (192.0.2.1): 56 data bytes

--- 192.0.2.1 ping statistics ---
5 packets transmitted, 5 packets received, 0% packet loss
round-trip min/avg/max = 0.054/0.081/0.120 ms
`;

describe('what ping prints', () => {
  it('is understood, of iputils and of busybox', () => {
    const times = { leastMs: 11.204, meanMs: 12.35, mostMs: 19.001, jitterMs: 1.4 };
    expect(parsePing(IPUTILS)).toEqual({ sent: 25, lost: 1, ...times });
    expect(parsePing(BUSYBOX)).toEqual({ sent: 5, lost: 0, leastMs: 0.054, meanMs: 0.081, mostMs: 0.12 });
  });

  it('says nothing where nothing came back, and whatever else it is', () => {
    expect(parsePing('3 packets transmitted, 0 received, 100% packet loss')).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => parsePing(text) === undefined));
  });
});

describe('a rate', () => {
  it('has settled once four looks in a row are alike', () => {
    expect(isSettled([1, 50, 100, 101, 99, 100])).toBe(true);
    expect(isSettled([10, 20, 40, 80, 160])).toBe(false);
    expect(isSettled([100, 100, 100])).toBe(false);
    expect(isSettled([0, 0, 0, 0])).toBe(false);
    // A window that empties at once each round trip.
    expect(isSettled([64, 128, 64, 128, 64, 128])).toBe(false);
  });
});

describe('a stream', () => {
  const stretch = { request: { url: 'http://hub.example/w' }, sizeBytes: 1_000 };
  const limits = { ms: 20_000, bytes: 1_000_000, silentMs: 50 };
  /** Brings some bytes, and then neither more nor an end. */
  const hanging = (bytes: number): Transport => ({
    requestCount: 0,
    get: (request, sink) =>
      new Promise((_, reject) => {
        sink.onHead({ status: 206, headers: {}, url: request.url });
        if (bytes > 0) void sink.onData(Buffer.alloc(bytes));
        request.signal.addEventListener('abort', () => reject(new Error('aborted')));
      }),
    close: () => Promise.resolve(),
  });

  it('that sends nothing any more is broken where its last byte came', async () => {
    const { failures, bytes } = await probeGoodput(hanging(700), stretch, 1, new AbortController().signal, limits);
    expect(bytes).toBe(700);
    expect(failures).toMatchObject([{ code: 'STALLED', bytes: 700, silentMs: 50 }]);
  });

  it('that has sent nothing yet is waited for', async () => {
    const short = { ...limits, ms: 300 };
    expect((await probeGoodput(hanging(0), stretch, 1, new AbortController().signal, short)).failures).toEqual([]);
  });
});

describe('counters of the kernel', () => {
  const files = (received: number, outOfOrder: number) => (path: string) =>
    path.endsWith('snmp')
      ? `Ip: A B\nIp: 1 2\nTcp: RtoMin InSegs OutSegs\nTcp: 200 ${received} 7\n`
      : `TcpExt: SyncookiesSent TCPOFOQueue\nTcpExt: 0 ${outOfOrder}\n`;

  it('tell the share that came out of order', () => {
    const [before, after] = [segmentsReceived(files(1_000, 5)), segmentsReceived(files(2_000, 55))];
    expect(outOfOrderShare(before, after)).toBeCloseTo(0.05);
  });

  it('tell nothing of a few segments, or where they are not there', () => {
    expect(outOfOrderShare(segmentsReceived(files(0, 0)), segmentsReceived(files(100, 90)))).toBeUndefined();
    expect(segmentsReceived(() => 'Tcp: x\n')).toBeUndefined();
    const none = (): string => {
      throw new Error('no such file');
    };
    expect(segmentsReceived(none)).toBeUndefined();
  });
});

describe('name servers', () => {
  it('are asked one by one: one that knows the name, one that is silent', async () => {
    const server = createSocket('udp4');
    onTestFinished(() => void server.close());
    server.on('message', (query, { port, address }) => server.send(answerTo(query), port, address));
    await new Promise<void>((resolve) => void server.bind(0, '127.0.0.1', resolve));
    const good = `127.0.0.1:${server.address().port}`;
    const [first, second] = await probeResolvers('hub.example', [good, '127.0.0.1:9']);
    expect(first).toMatchObject({ server: good, addresses: ['192.0.2.7'] });
    expect(first?.failure).toBeUndefined();
    expect(second?.failure?.code).toMatch(/ECONNREFUSED|ETIMEOUT/);
  });
});

describe('an answer', () => {
  const head = (status: number, headers: Readonly<Record<string, string>>) => ({ status, headers, url: 'https://h/' });

  it('says how often it may be asked, a 429 also by Retry-After alone', () => {
    expect(rateLimitOf(head(429, { 'retry-after': '30' }), 0)).toEqual({ remaining: 0, resetMs: 30_000 });
    expect(rateLimitOf(head(200, { ratelimit: '"api";r=7;t=55' }), 0)).toEqual({ remaining: 7, resetMs: 55_000 });
    expect(rateLimitOf(head(503, { 'retry-after': '30' }), 0)).toBeUndefined();
  });

  it('comes from elsewhere where a redirect leads to another host, the first of which counts', () => {
    expect(leadTo('https://a/x', ['https://a/x', 'https://b:1/y', 'https://c/z'])).toEqual({ sendsTo: 'b:1' });
    expect(leadTo('https://a/x', ['https://a/x', 'https://a/z'])).toEqual({});
  });
});

describe('a chain of certificates', () => {
  it('is public where a known root is in it, or issued one of it', () => {
    const [one = '', other = ''] = rootCertificates;
    const roots = [new X509Certificate(one)];
    expect(isPublicChain([new X509Certificate(one).raw], roots)).toBe(true);
    expect(isPublicChain([new X509Certificate(other).raw], roots)).toBe(false);
    expect(isPublicChain([new X509Certificate(other).raw])).toBe(true);
  });
});

/** RFC 1035: the question again, with one A record for it, and none where it asks for something else. */
function answerTo(query: Buffer): Buffer {
  const end = query.indexOf(0, 12) + 5;
  const isA = query.readUInt16BE(end - 4) === 1;
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(isA ? 1 : 0, 6);
  head.writeUInt32BE(0, 8);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
  return Buffer.concat([head, query.subarray(12, end), ...(isA ? [record] : [])]);
}
