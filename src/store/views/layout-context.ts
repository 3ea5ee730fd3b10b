import type { Store } from '../port.js';
import { forEachLimited } from './place/for-each-limited.js';
import type { LadderMethod } from './place/link-ladder.js';
import type { Placer } from './place/placer.js';
import type { LinkMethod, ViewFile, ViewRequest } from './port.js';

/** What a layout is given to land one repository. */
export interface LayoutContext {
  readonly placer: Placer;
  readonly store: Store;
  readonly request: ViewRequest;
  readonly links: readonly LadderMethod[];
  readonly symlinks: boolean;
}

/** What it gives back: the folder a loader opens, relative to the view's root, and how the files came there. */
export interface Landed {
  readonly path: string;
  readonly methods: readonly LinkMethod[];
}

const FILES_AT_ONCE = 16;

/** Lands every file, several at once. */
export async function landFiles(
  request: ViewRequest,
  land: (file: ViewFile) => Promise<LinkMethod>,
): Promise<readonly LinkMethod[]> {
  const methods: LinkMethod[] = [];
  await forEachLimited(request.files, FILES_AT_ONCE, async (file) => {
    methods.push(await land(file));
  });
  return methods;
}
