import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SluiceError } from '../base/index.js';
import { keptKey } from './kept-key.js';

const KEY_BYTES = 32;
const LEAST_CHARACTERS = 32;

/**
 * What addresses and tokens are signed with: made of the setting, or kept in the store, readable by its owner only, where the first process made it.
 * @throws SluiceError BAD_SETTING, FILE_SYSTEM
 */
export async function xetKey(root: string, setting: string | undefined): Promise<Uint8Array> {
  if (setting === undefined) {
    const path = join(root, 'keys', 'xet');
    const key = await keptKey(path, () => randomBytes(KEY_BYTES));
    if (key.length === KEY_BYTES) return key;
    throw new SluiceError('FILE_SYSTEM', { path, reason: `a key of ${key.length} bytes` });
  }
  if (setting.length < LEAST_CHARACTERS)
    throw new SluiceError('BAD_SETTING', {
      key: 'serve.xet-key',
      value: '***',
      reason: `it has fewer than ${LEAST_CHARACTERS} characters`,
    });
  return createHash('sha256').update(setting).digest();
}
