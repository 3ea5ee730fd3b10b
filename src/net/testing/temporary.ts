import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Writes a file that goes away with its test; returns its path. */
export async function writeTemporary(name: string, content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-net-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}
