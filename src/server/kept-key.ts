import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../base/index.js';

/** A secret in a file that only its owner can read, made where the first process finds none. @throws the system's error */
export async function keptKey(path: string, make: () => Buffer): Promise<Buffer> {
  for (;;) {
    const key = await readFile(path).catch((thrown: unknown) => {
      if (errnoOf(thrown) !== 'ENOENT') throw thrown;
      return undefined;
    });
    if (key !== undefined) return key;
    await makeKey(path, make());
  }
}

/** Whole or not at all; one that another process made meanwhile stays. */
async function makeKey(path: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.write(bytes);
    await file.sync();
    await file.close();
    await link(temporary, path);
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw thrown;
  } finally {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
  }
}
