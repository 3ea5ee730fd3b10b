import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { probeLocks } from './probe-locks.js';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-locks-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** A `flock` that does so, and nothing else is there. */
async function flockThat(script: string): Promise<void> {
  const path = await folder();
  await writeFile(join(path, 'flock'), `#!/bin/sh\n${script}\n`);
  await chmod(join(path, 'flock'), 0o755);
  vi.stubEnv('PATH', `${path}:/bin:/usr/bin`);
  onTestFinished(() => void vi.unstubAllEnvs());
}

const never = new AbortController().signal;

describe('a second process', () => {
  it('is kept out of what the first has made', async () => {
    expect((await probeLocks(await folder(), never)).keepsOut).toBe(true);
  });

  it('is seen to get in where making a file keeps nobody out', async () => {
    expect((await probeLocks(await folder(), never, 'w')).keepsOut).toBe(false);
  });

  it.each([
    // With -n it is the second: the lock is taken.
    ['keeps out', 'if [ "$1" = -n ]; then exit 1; fi; shift; exec "$@"', true],
    ['does nothing', 'if [ "$1" = -n ]; then shift; fi; shift; exec "$@"', false],
    ['fails', 'exit 69', undefined],
  ])('by a flock that %s', async (_, script, flocks) => {
    await flockThat(script);
    expect((await probeLocks(await folder(), never)).flocks).toBe(flocks);
  });

  it('is ended by an interruption', async () => {
    await flockThat('exec sleep 600');
    const controller = new AbortController();
    const probed = probeLocks(await folder(), controller.signal);
    setTimeout(() => controller.abort(), 100);
    await expect(probed).rejects.toThrow();
  });
});
