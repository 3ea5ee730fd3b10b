import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, SluiceError } from '../base/index.js';

const KEY_BYTES = 32;
const LEAST_CHARACTERS = 32;

/**
 * What addresses and tokens are signed with: made of the setting, or kept in the store, readable by its owner only, where the first process made it.
 * @throws SluiceError BAD_SETTING, FILE_SYSTEM
 */
export async function xetKey(root: string, setting: string | undefined): Promise<Uint8Array> {
  if (setting === undefined) return keptKey(join(root, 'keys', 'xet'));
  if (setting.length < LEAST_CHARACTERS)
    throw new SluiceError('BAD_SETTING', {
      key: 'serve.xet-key',
      value: '***',
      reason: `it has fewer than ${LEAST_CHARACTERS} characters`,
    });
  return createHash('sha256').update(setting).digest();
}

async function keptKey(path: string): Promise<Uint8Array> {
  for (;;) {
    const key = await readFile(path).catch((thrown: unknown) => {
      if (errnoOf(thrown) !== 'ENOENT') throw thrown;
      return undefined;
    });
    if (key?.length === KEY_BYTES) return key;
    if (key !== undefined) throw new SluiceError('FILE_SYSTEM', { path, reason: `a key of ${key.length} bytes` });
    await makeKey(path);
  }
}

/** Whole or not at all; one that another process made meanwhile stays. */
async function makeKey(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.write(randomBytes(KEY_BYTES));
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
