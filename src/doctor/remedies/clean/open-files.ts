import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Paths that processes have open, as far as this user may see them (Linux, proc(5)); undefined where no system tells.
 * Files of other users' processes are theirs, and this user may not remove them either, unless it is root, who sees all.
 */
export async function openFiles(proc = '/proc'): Promise<ReadonlySet<string> | undefined> {
  const processes = await readdir(proc).catch(() => undefined);
  if (processes?.includes('self') !== true) return undefined;
  const paths = new Set<string>();
  for (const id of processes.filter((name) => /^\d+$/.test(name))) {
    const folder = join(proc, id, 'fd');
    for (const fd of await readdir(folder).catch(() => [])) {
      const path = await readlink(join(folder, fd)).catch(() => undefined);
      if (path?.startsWith('/') === true) paths.add(path);
    }
  }
  return paths;
}
