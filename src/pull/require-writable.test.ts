import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { requireWritable } from './require-writable.js';

test('a target may be there, or not yet; what no user may write is refused with its path', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-target-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const view of ['flat', 'hf'] as const) {
    await requireWritable({ view, root: folder });
    await requireWritable({ view, root: join(folder, 'a', 'b') });
    await writeFile(join(folder, 'file'), '');
    const behindFile = requireWritable({ view, root: join(folder, 'file', 'below') });
    await expect(behindFile).rejects.toMatchObject({ exitCode: 8, details: { path: join(folder, 'file', 'below') } });
  }
  // Not even root may write there.
  if (process.platform !== 'linux') return;
  await expect(requireWritable({ view: 'flat', root: '/proc/sys/kernel/none/x' })).rejects.toMatchObject({
    exitCode: 8,
  });
  await mkdir(join(folder, 'hub'));
  await requireWritable({ view: 'hf', root: join(folder, 'hub') });
});
