import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, SluiceError, toSluiceError } from '../../../base/index.js';
import type { Change } from '../port.js';

/**
 * Asked before the first change is made, so that nothing is half done.
 * @throws SluiceError NO_PERMISSION naming the first path that this user may not change
 */
export async function requirePermission(changes: readonly Change[]): Promise<void> {
  for (const { kind, path, before, after } of changes) {
    try {
      if (kind === 'value') await access(path, constants.W_OK);
      else await access(await existingFolder(path), constants.W_OK | constants.X_OK);
    } catch (thrown) {
      throw toSluiceError(thrown, { path, needsRoot: 'sudo' });
    }
    const owner = (before ?? after).uid;
    const user = process.geteuid?.();
    if (kind === 'file' && user !== undefined && user !== 0 && owner !== user)
      throw new SluiceError('NO_PERMISSION', { path, reason: 'it belongs to another user', needsRoot: 'sudo' });
  }
}

/** The folder of a path, or the nearest above that is there. */
export async function existingFolder(path: string): Promise<string> {
  for (let at = dirname(path); ; at = dirname(at)) {
    try {
      await access(at, constants.F_OK);
      return at;
    } catch (thrown) {
      if (errnoOf(thrown) !== 'ENOENT' || dirname(at) === at) throw thrown;
    }
  }
}
