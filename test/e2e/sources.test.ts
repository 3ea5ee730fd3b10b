import { describe, expect, it } from 'vitest';
import type { SourcesReport } from '../../src/doctor/index.js';
import { newMachine, sluice, startSluice } from './harness.js';
import { hub } from './hub.js';

const MB = 1_000_000;
const KIB = 1024;

/** One byte of every 32 KiB of every file is wrong. */
const LIES = Array.from({ length: (25 * KIB) / 32 }, (_, index) => index * 32 * KIB + 7).map((atByte) => ({
  on: { kind: ['plain', 'cdn'] as const, coversByte: atByte },
  fault: { type: 'corrupt' as const, atByte },
}));

describe('sluice sources', () => {
  it('ranks who is fast before who is slow, and those who lie or are not there last', async () => {
    const slow = await hub({ network: { totalBytesPerSecond: 4 * MB } });
    const fast = await hub();
    const liar = await hub({ faults: LIES });
    const machine = await newMachine({ HF_ENDPOINT: slow.url });
    const args = [fast.url, liar.url, 'http://127.0.0.1:9'].flatMap((url) => ['--source', url]);
    const { code, stdout, stderr } = await sluice(machine, 'sources', 'hf:acme/tiny', ...args, '--json');
    expect(code, stderr).toBe(0);
    const { sources, file } = JSON.parse(stdout) as SourcesReport;
    expect(file?.path).toBe('model-00001-of-00002.safetensors');
    const host = (url: string): string => new URL(url).host;
    expect(sources.slice(0, 2).map(({ source }) => source)).toEqual([host(fast.url), host(slow.url)]);
    const lying = sources.find(({ source }) => source === host(liar.url));
    expect(lying).toMatchObject({ score: 0, honesty: { rightBytes: false } });
    expect(sources.at(-1)).toMatchObject({ score: 0, answerMs: [] });
    expect(sources[0]?.honesty).toMatchObject({ pinsCommits: true, servesRanges: true });
  });

  it('measures again and again where it is to watch, until it is interrupted', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const { child, done } = startSluice(machine, ['sources', 'hf:acme/tiny', '--json', '--watch', '1s']);
    let told = '';
    await Promise.race([
      done,
      new Promise<void>((resolve) =>
        child.stdout?.on('data', (text: string) => {
          told += text;
          if (told.split('\n').length > 2) resolve();
        }),
      ),
    ]);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await done;
    expect(code, stderr).toBe(130);
    const reports = stdout.trim().split('\n');
    expect(reports.length).toBeGreaterThanOrEqual(2);
    for (const line of reports)
      expect((JSON.parse(line) as SourcesReport).sources.map(({ source }) => source)).toEqual([new URL(sim.url).host]);
    const refused = await sluice(machine, 'sources', 'hf:acme/tiny', '--watch', '1ms');
    expect(refused.code).toBe(2);
  }, 60_000);

  it('says what the first endpoint says where nobody has the ref', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const { code, stderr } = await sluice(machine, 'sources', 'hf:acme/none');
    expect(code).toBe(3);
    expect(stderr).toContain('acme/none');
  });
});
