import { constants, copyFile, link, open, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskFacts } from '../facts.js';

const LONGEST_NAME_BYTES = 255;

type Abilities = Pick<
  DiskFacts,
  'hardLinks' | 'symlinks' | 'reflinks' | 'renames' | 'exclusive' | 'ignoresCase' | 'longestNameBytes'
>;

/** What the file system of an empty folder of ours can do, by trying; files stay in it. */
export async function probeAbilities(folder: string): Promise<Abilities> {
  const at = (name: string): string => join(folder, name);
  await writeFile(at('one'), 'one');
  const abilities = {
    hardLinks: await works(() => link(at('one'), at('hard'))),
    symlinks: await works(() => symlink(at('one'), at('soft'))),
    reflinks: await works(() => copyFile(at('one'), at('clone'), constants.COPYFILE_FICLONE_FORCE)),
    exclusive: !(await works(() => makeNew(at('one')))),
    ignoresCase: await works(() => stat(at('ONE'))),
    longestNameBytes: await longestName(folder),
  };
  const renames = await works(async () => {
    await writeFile(at('two'), 'two');
    await rename(at('two'), at('one'));
  });
  return { ...abilities, renames };
}

/** Most file systems take 255; one that encrypts names takes fewer. */
async function longestName(folder: string): Promise<number> {
  const takes = (bytes: number): Promise<boolean> =>
    works(async () => {
      const path = join(folder, 'n'.repeat(bytes));
      await makeNew(path);
      await rm(path);
    });
  if (await takes(LONGEST_NAME_BYTES)) return LONGEST_NAME_BYTES;
  let [least, most] = [0, LONGEST_NAME_BYTES];
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if (await takes(middle)) least = middle;
    else most = middle;
  }
  return least;
}

async function makeNew(path: string): Promise<void> {
  await (await open(path, 'wx')).close();
}

async function works(attempt: () => Promise<unknown>): Promise<boolean> {
  try {
    await attempt();
    return true;
  } catch {
    return false;
  }
}
