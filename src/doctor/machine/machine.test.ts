import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { probeDisk } from './probe-disk.js';
import { probeKernel } from './probe-kernel.js';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-doctor-'));
  onTestFinished(async () => {
    await chmod(path, 0o700);
    await rm(path, { recursive: true });
  });
  return path;
}

describe('the disk', () => {
  it('is measured where the store would be, and nothing stays there', async () => {
    const base = await folder();
    const path = join(base, 'not', 'there');
    const { disk: facts } = await probeDisk(path, new AbortController().signal);
    expect(facts).toMatchObject({
      path,
      hardLinks: true,
      symlinks: true,
      renames: true,
      exclusive: true,
      keepsOut: true,
    });
    expect(facts.writeBytesPerSecond).toBeGreaterThan(0);
    expect(facts.freeBytes).toBeGreaterThan(0);
    expect(await readdir(base)).toEqual([]);
  });

  it('that does not let us write says so', async () => {
    const { disk: facts } = await probeDisk('/proc/sluice', new AbortController().signal);
    expect(facts.failure).toBeDefined();
  });

  it('is left clean by an interruption too', async () => {
    const base = await folder();
    await expect(probeDisk(base, AbortSignal.abort())).rejects.toThrow();
    expect(await readdir(base)).toEqual([]);
  });
});

describe('the kernel', () => {
  const read = (files: Readonly<Record<string, string>>) => (path: string) => files[path.split('/').pop() ?? ''];

  it('tells the largest window', () => {
    const usual = { tcp_rmem: '4096\t131072\t6291456\n', tcp_window_scaling: '1\n', tcp_adv_win_scale: '1\n' };
    expect(probeKernel(read({ ...usual, tcp_congestion_control: 'bbr\n' }))).toEqual({
      ...{ windowBytes: 3_145_728, hasScaling: true, congestion: 'bbr' },
    });
    expect(probeKernel(read({ ...usual, tcp_window_scaling: '0\n' })).windowBytes).toBe(65_535);
    expect(probeKernel(read({ ...usual, tcp_adv_win_scale: '-2\n' })).windowBytes).toBe(1_572_864);
  });

  it('of another system tells nothing', () => {
    expect(probeKernel(read({}))).toEqual({});
  });
});
