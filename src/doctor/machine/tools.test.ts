import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { judge } from '../causes/judge.js';
import { probeGpus } from './probe-gpus.js';
import { runTool } from './run-tool.js';

/** A PATH that has these scripts and nothing else of theirs. */
async function tools(scripts: Readonly<Record<string, string>>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-tools-'));
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  }
  vi.stubEnv('PATH', `${folder}:/usr/bin:/bin`);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
}

const never = new AbortController().signal;

describe('the tools of this machine', () => {
  it('tell of GPUs of both vendors, each asked in its own way', async () => {
    await tools({
      'nvidia-smi':
        'case "$*" in *--query-gpu=name,memory.total,memory.used*) echo "A100, 81920, 10, 3, 550.1";; "") echo "CUDA Version: 12.4";; *) exit 6;; esac',
      'rocm-smi': `echo '{"card0":{"VRAM Total Memory (B)":"64","VRAM Total Used Memory (B)":"1"}}'`,
    });
    expect(await probeGpus(never)).toMatchObject([
      { name: 'A100', memoryBytes: 80 * 2 ** 30, cuda: '12.4', busyShare: 0.03 },
      { name: 'card0', vendor: 'amd', memoryBytes: 64 },
    ]);
  });

  it('tell of a GPU that waits for the disk, and not of one that works or holds nothing', async () => {
    const waits = async (used: number, percent: number): Promise<boolean> => {
      const script = `case "$*" in *--query*) echo "A100, 81920, ${used}, ${percent}, 550.1";; esac`;
      await tools({ 'nvidia-smi': script });
      const machine = {
        ...{ processors: 8, memoryBytes: 2 ** 36, hashBytesPerSecond: 1e9, kernel: {}, waitShare: 0 },
        ...{ disk: { path: '/store', busyShare: 0.9 }, gpus: await probeGpus(never) },
      };
      const { findings } = judge({ job: { sizeBytes: 1, isAssumed: true }, hosts: [], machine });
      return findings.some(({ cause, about }) => cause === 'GPU_WAITS_FOR_DISK' && about === 'A100');
    };
    expect(await waits(40_000, 4)).toBe(true);
    expect(await waits(40_000, 97)).toBe(false);
    expect(await waits(10, 0)).toBe(false);
  });

  it('may not be there, or may fail', async () => {
    await tools({ 'nvidia-smi': 'echo "NVIDIA-SMI has failed"; exit 9' });
    expect(await probeGpus(never)).toEqual([]);
    expect(await runTool('sluice-no-such-tool', [], never)).toBeUndefined();
  });

  it('are read when they end badly, and not when they talk without end', async () => {
    await tools({ over: 'echo full; exit 1', endless: 'while :; do echo and so on; done' });
    expect(await runTool('over', [], never)).toBe('full\n');
    expect(await runTool('endless', [], never)).toBeUndefined();
  });

  it('are left by an interruption', async () => {
    await tools({ slow: 'exec sleep 600' });
    const controller = new AbortController();
    const asked = runTool('slow', [], controller.signal);
    controller.abort();
    await expect(asked).rejects.toThrow();
  });
});
