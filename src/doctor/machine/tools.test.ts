import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
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
