import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/doctor/index.js';
import { newMachine, sluice } from './harness.js';
import { hub } from './hub.js';

const MB = 1_000_000;

interface Told {
  readonly report: Report;
  readonly code: number | null;
}

async function examine(env: Readonly<Record<string, string>>, ...subject: readonly string[]): Promise<Told> {
  const machine = await newMachine(env);
  const { code, stdout, stderr } = await sluice(machine, 'doctor', ...subject, '--json');
  expect(stdout, stderr).not.toBe('');
  expect(await readdir(machine.home).catch(() => [])).toEqual([]);
  return { report: JSON.parse(stdout) as Report, code };
}

describe('sluice doctor', () => {
  it('finds what holds each connection down, where the bytes really come from', async () => {
    const sim = await hub({ network: { connectionBytesPerSecond: 2 * MB } });
    const { report, code } = await examine({ HF_ENDPOINT: sim.url }, 'hf:acme/tiny');
    expect(report.findings[0]).toMatchObject({ cause: 'CONNECTION_CAP', severity: 'slows' });
    expect(report.facts.hosts.map(({ role }) => role)).toEqual(['hub', 'content']);
    expect(report.findings[0]?.about).toBe(report.facts.hosts[1]?.host);
    expect(code).toBe(7);
  });

  it('finds a line that no number of connections makes faster', async () => {
    const sim = await hub({ network: { totalBytesPerSecond: 4 * MB } });
    const { report } = await examine({ HF_ENDPOINT: sim.url }, 'hf:acme/tiny');
    expect(report.findings.map(({ cause }) => cause)).toContain('SLOW_LINE');
    expect(report.findings.map(({ cause }) => cause)).not.toContain('CONNECTION_CAP');
  });

  it('goes as far as it gets: nobody listens, or the name is nobody’s', async () => {
    const closed = await examine({}, '127.0.0.1:9');
    expect(closed.report.findings[0]).toMatchObject({ cause: 'UNREACHABLE', about: '127.0.0.1:9' });
    expect(closed.code).toBe(7);
    const unknown = await examine({}, 'nobody.invalid');
    expect(unknown.report.findings[0]?.cause).toBe('NAME_UNKNOWN');
  });

  it('tells people in sentences, in their language', async () => {
    const machine = await newMachine({});
    const english = await sluice(machine, 'doctor', '127.0.0.1:9');
    expect(english.stdout).toContain('127.0.0.1:9 cannot be reached.');
    const chinese = await sluice(machine, 'doctor', '127.0.0.1:9', '--lang', 'zh');
    expect(chinese.stdout).toContain('无法连接到 127.0.0.1:9。');
  });
});
