import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, toSluiceError } from '../base/index.js';
import type { Target } from './targets.js';

/**
 * Whether the view can be made at all, asked before hours of fetching. Caches that are there may have folders of ours in folders of
 * others, so of those only landing tells.
 * @throws SluiceError NO_PERMISSION
 */
export async function requireWritable({ view, root }: Target): Promise<void> {
  for (let folder = root; ; folder = dirname(folder)) {
    try {
      await access(folder);
    } catch (thrown) {
      const isMissing = errnoOf(thrown) === 'ENOENT' && dirname(folder) !== folder;
      if (isMissing) continue;
      throw toSluiceError(thrown, { path: root });
    }
    if (folder === root && view !== 'flat') return;
    try {
      await access(folder, constants.W_OK);
      return;
    } catch (thrown) {
      throw toSluiceError(thrown, { path: root });
    }
  }
}
