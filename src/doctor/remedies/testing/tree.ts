import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder for one test. */
export async function temporaryRoot(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-remedies-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

export async function fillTree(root: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
    await chmod(join(root, name), 0o640);
  }
}

/** Every path below a folder with its kind, permission bits, owner and bytes. */
export async function treeOf(root: string): Promise<Readonly<Record<string, string>>> {
  const tree: Record<string, string> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const { mode, uid, gid } = await lstat(path);
    const bytes = entry.isFile() ? (await readFile(path)).toString('base64') : '';
    tree[relative(root, path)] = [mode.toString(8), uid, gid, bytes].join(' ');
  }
  return tree;
}
