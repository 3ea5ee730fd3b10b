import { createSocket } from 'node:dgram';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parsePing } from './ping.js';
import { probeResolvers } from './probe-resolvers.js';
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
    expect(parsePing(IPUTILS)).toEqual({ sent: 25, lost: 1, leastMs: 11.204, meanMs: 12.35, mostMs: 19.001 });
    expect(parsePing(BUSYBOX)).toEqual({ sent: 5, lost: 0, leastMs: 0.054, meanMs: 0.081, mostMs: 0.12 });
  });

  it('says nothing where nothing came back, and whatever else it is', () => {
    expect(parsePing('3 packets transmitted, 0 received, 100% packet loss')).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => parsePing(text) === undefined));
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
