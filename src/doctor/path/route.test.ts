import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { isIP } from 'node:net';
import { parseEcho, parseRoute } from './parse-hops.js';
import { traceRoute } from './trace-route.js';

const ROUTER = `PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.
From 10.0.2.1 icmp_seq=1 Time to live exceeded
From 10.0.2.1 icmp_seq=2 Time to live exceeded

--- 10.0.0.2 ping statistics ---
2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 201ms
`;
const TRACEROUTE = `traceroute to 10.0.0.2 (10.0.0.2), 30 hops max, 60 byte packets
 1  10.0.1.1  0.040 ms  0.010 ms
 2  * *
 3  * 10.0.2.1  9.100 ms
 4  10.0.0.2  9.300 ms !X
`;
const TRACEPATH = ` 1?: [LOCALHOST]                      pmtu 1500
 1:  10.0.1.1                                              0.127ms
 1:  10.0.1.9                                              0.070ms
 2:  no reply
 3:  10.0.2.1                                              9.131ms asymm  4
 4:  10.0.0.2                                              9.400ms reached
     Resume: pmtu 1500 hops 4 back 4
`;
const MTR = `Start: 2026-01-01T00:00:00+0000
HOST: here                        Loss%   Snt   Last   Avg  Best  Wrst StDev
  1.|-- 10.0.1.1                   0.0%     5    0.1   0.1   0.1   0.1   0.0
  2.|-- ???                       100.0     5    0.0   0.0   0.0   0.0   0.0
  3.|-- 10.0.2.1                  20.0%     5    9.1   9.1   9.1   9.1   0.0
  4.|-- 10.0.0.2                  20.0%     5    9.1   9.1   9.1   9.1   0.0
`;

describe('what is heard of a router', () => {
  it('is its address, and whether it is the end', () => {
    expect(parseEcho(ROUTER)).toEqual({ address: '10.0.2.1', isEnd: false });
    expect(parseEcho('64 bytes from 10.0.0.2: icmp_seq=1 ttl=62 time=9 ms\n')).toEqual({
      ...{ address: '10.0.0.2', isEnd: true },
    });
    expect(parseEcho('From 2001:db8::1 icmp_seq=1 Time exceeded: Hop limit\n')?.address).toBe('2001:db8::1');
    expect(parseEcho('From fe80::1%eth0 icmp_seq=1 Time exceeded: Hop limit\n')?.address).toBe('fe80::1');
    expect(parseEcho('From 10.0.1.1 icmp_seq=1 Destination Host Unreachable\n')).toBeUndefined();
  });

  it.each([
    ['traceroute', TRACEROUTE],
    ['tracepath', TRACEPATH],
    ['mtr', MTR],
  ])('is the same by %s', (_, printed) => {
    expect(parseRoute(printed, 30).map(({ hop, address }) => [hop, address])).toEqual([
      [1, '10.0.1.1'],
      [3, '10.0.2.1'],
      [4, '10.0.0.2'],
    ]);
  });

  it('is addresses at places in their order, whatever is printed', () => {
    const word = fc.constantFrom('1', '2.', ' 3:', '44', '|--', ' ', '\n', '*', '10.0.0.1', '::1', '300.0.0.1', 'From ', 'x'); // prettier-ignore
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map((words) => words.join(' ')),
        ),
        (text) => {
          const hops = parseRoute(text, 30);
          const places = hops.map(({ hop }) => hop);
          expect(places).toEqual([...new Set(places)].sort((one, other) => one - other));
          expect(places.every((place) => place >= 1 && place <= 30)).toBe(true);
          const heard = [...hops.map(({ address }) => address), parseEcho(text)?.address ?? '::1'];
          expect(heard.every((address) => isIP(address) > 0)).toBe(true);
        },
      ),
    );
  });
});

/** These programs are there, and no others. */
async function only(scripts: Readonly<Record<string, string>>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-route-'));
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  }
  vi.stubEnv('PATH', folder);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
}

describe('a way', () => {
  const never = new AbortController().signal;
  const SUMMARY = `echo "50 packets transmitted, 40 received"; echo "rtt min/avg/max/mdev = 1/2/3/1 ms"`;

  it('is not looked at where nothing is installed that could', async () => {
    await only({});
    expect(await traceRoute('10.0.0.2', never)).toEqual({ to: '10.0.0.2', tool: 'none', hops: [] });
  });

  it('is found by whatever is there, and its routers asked themselves', async () => {
    await only({ ping: `case "$*" in *-q*) ${SUMMARY};; esac`, traceroute: `echo "${TRACEROUTE}"` });
    const { tool, hops } = await traceRoute('10.0.0.2', never);
    expect(tool).toBe('traceroute');
    expect(hops.map(({ address, ping }) => [address, ping?.lost])).toEqual([
      ['10.0.1.1', 10],
      ['10.0.2.1', 10],
      ['10.0.0.2', 10],
    ]);
  });

  it('ends with an interruption', async () => {
    await only({ traceroute: 'exec /bin/sleep 600' });
    const controller = new AbortController();
    const traced = traceRoute('10.0.0.2', controller.signal);
    setTimeout(() => controller.abort(), 50);
    await expect(traced).rejects.toThrow();
  });
});
