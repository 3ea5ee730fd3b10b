import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/doctor/index.js';
import type { FaultRule, SimOptions } from '../../src/sim/index.js';
import { newAuthority } from './authority.js';
import { smallDisk } from './disk.js';
import { newMachine, sluice, sluiceWith } from './harness.js';
import { hub } from './hub.js';
import { startProxy } from './proxy-server.js';

const MIB = 2 ** 20;

async function examine(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Report> {
  const { stdout, stderr } = await sluice(await newMachine(env), 'doctor', 'hf:acme/tiny', '--json', ...args);
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout) as Report;
}

/** The report of a hub with these troubles. */
async function withTrouble(options: SimOptions): Promise<Report> {
  return examine({ HF_ENDPOINT: (await hub(options)).url });
}

const fault = (rule: FaultRule): SimOptions => ({ faults: [rule] });
/** What this machine lacks is no matter of the path: it may be busy. */
const onPath = ({ findings, facts }: Report) => {
  const hosts = new Set(facts.hosts.flatMap(({ host, proxy = host }) => [host, proxy]));
  return findings.filter(({ about }) => hosts.has(about));
};

// What `doctor-causes-*.test.ts` do not have: other ways to the same verdicts.
describe('doctor names first what was done to the path', () => {
  it.each<[cause: string, options: SimOptions]>([
    [
      'RATE_LIMITED',
      fault({
        on: { host: 'cdn', skip: 1 },
        fault: { type: 'status', status: 429, headers: { 'retry-after': '300' } },
      }),
    ],
    ['CUT_BY_SIZE', fault({ on: { host: 'cdn' }, fault: { type: 'end-early', afterBytes: MIB } })],
  ])('%s', async (cause, options) => {
    const report = await withTrouble(options);
    expect(onPath(report)[0]?.cause, JSON.stringify(report.findings)).toBe(cause);
  });

  it('CUT_BY_SIZE, further than a usual look comes: only with --long', async () => {
    const cut = fault({ on: { host: 'cdn' }, fault: { type: 'end-early', afterBytes: 20 * MIB } });
    const env = { HF_ENDPOINT: (await hub({ ...cut, network: { totalBytesPerSecond: 8_000_000 } })).url };
    expect(onPath(await examine(env)).map(({ cause }) => cause)).not.toContain('CUT_BY_SIZE');
    const report = await examine(env, '--long');
    expect(onPath(report)[0]?.cause, JSON.stringify(report.findings)).toBe('CUT_BY_SIZE');
  }, 90_000);

  it('UNTRUSTED and INTERCEPTED: a certificate of somebody else’s CA, and whose it is', async () => {
    const authority = await newAuthority();
    const tls = await authority.issue('IP:127.0.0.1', 'IP:127.0.0.2');
    // One stream brings as much as many, whatever this machine is busy with.
    const sim = await hub({ tls, network: { totalBytesPerSecond: 60_000_000 } });
    const host = new URL(sim.url).host;
    const machine = await newMachine({});
    const untrusted = await sluice(machine, 'doctor', host, '--json');
    const [first] = (JSON.parse(untrusted.stdout) as Report).findings;
    expect(first).toMatchObject({ cause: 'UNTRUSTED', evidence: { issuer: 'Acme CA' } });
    const trusted = await examine({ HF_ENDPOINT: sim.url, SLUICE_CA: authority.file });
    expect(onPath(trusted)[0]).toMatchObject({ cause: 'INTERCEPTED', evidence: { authority: 'Acme CA' } });
    const proxy = await startProxy();
    const through = await examine({ HF_ENDPOINT: sim.url, SLUICE_CA: authority.file, HTTPS_PROXY: proxy.url });
    expect(through.facts.hosts[0]).toMatchObject({ proxy: proxy.host, tls: { authority: 'Acme CA' } });
    expect(onPath(through)[0]?.cause).toBe('INTERCEPTED');
  });

  it('PROXY_FAILS: a proxy that refuses, and one that is not there', async () => {
    const refusing = await startProxy({ refuse: 403 });
    for (const proxy of [refusing.url, 'http://127.0.0.1:9']) {
      const machine = await newMachine({ HTTPS_PROXY: proxy });
      const { stdout } = await sluice(machine, 'doctor', 'hub.example', '--json');
      expect((JSON.parse(stdout) as Report).findings[0]).toMatchObject({
        ...{ cause: 'PROXY_FAILS', about: new URL(proxy).host },
      });
    }
  });
});

describe.skipIf(process.platform !== 'linux')('doctor believes what ping says', () => {
  it('LOSS: 3 % of the packets, and a line that suffers from it', async () => {
    const machine = await newMachine({});
    const bin = join(machine.root, 'bin');
    await mkdir(bin);
    const said = '100 packets transmitted, 97 received, 3% packet loss\nrtt min/avg/max/mdev = 40.0/41.0/60.0/2.5 ms';
    await writeFile(join(bin, 'ping'), `#!/bin/sh\nprintf '%s\n' '${said}'\n`);
    await chmod(join(bin, 'ping'), 0o755);
    const sim = await hub({ network: { rttMs: 10, lossShare: 0.03 } });
    const env = { HF_ENDPOINT: sim.url, PATH: `${bin}:${process.env.PATH ?? ''}` };
    const { stdout } = await sluice(
      { ...machine, env: { ...machine.env, ...env } },
      'doctor',
      'hf:acme/tiny',
      '--json',
    );
    const report = JSON.parse(stdout) as Report;
    expect(onPath(report)[0]).toMatchObject({ cause: 'LOSS', evidence: { lostPercent: 3, way: 'ping' } });
    expect(report.facts.hosts[0]?.ping?.jitterMs).toBe(2.5);
  }, 90_000);
});

describe.skipIf(process.platform !== 'linux')('doctor names first what was done to the disk', () => {
  it('DISK_FULL', async (test) => {
    const disk = await smallDisk(24);
    if (typeof disk === 'string') return test.skip(disk);
    const machine = await newMachine({ HF_ENDPOINT: (await hub()).url, SLUICE_HOME: join(disk.folder, 'store') });
    const done = await sluiceWith(machine, disk, 'doctor', 'hf:acme/tiny', '--json');
    expect((JSON.parse(done.stdout) as Report).findings[0]?.cause, done.stderr).toBe('DISK_FULL');
    expect(done.code).toBe(8);
  });
});
