import { asSluiceErrors } from '../files/errors.js';
import type { ForeignPartial, ForeignPlaces, ForeignSearch } from './foreign-partial.js';
import { findInFlatFolder } from './in-flat-folder.js';
import { findInHfCache, indexHfCache, type HfIndex } from './in-hf-cache.js';
import { findInModelscopeCache } from './in-modelscope-cache.js';
import { findInOllama } from './in-ollama.js';

export type FindForeignPartials = (search: ForeignSearch) => Promise<readonly ForeignPartial[]>;

/**
 * Looks for bytes of a file that other tools have, or began to have, those that claim most first. Made once for many files: the Hugging
 * Face cache is listed only once.
 */
export function foreignFinder(places: ForeignPlaces): FindForeignPartials {
  let hfIndex: Promise<HfIndex> | undefined;
  return (search) =>
    asSluiceErrors(async () => {
      const { hfCache, msCache, ollamaModels, flatFolders = [] } = places;
      const found: (readonly ForeignPartial[])[] = [];
      if (hfCache !== undefined) found.push(await findInHfCache(await (hfIndex ??= indexHfCache(hfCache)), search));
      if (msCache !== undefined) found.push(await findInModelscopeCache(msCache, search));
      if (ollamaModels !== undefined) found.push(await findInOllama(ollamaModels, search));
      for (const folder of flatFolders) found.push(await findInFlatFolder(folder, search));
      return found.flat().sort((one, other) => claimedBytes(other) - claimedBytes(one));
    });
}

function claimedBytes({ ranges }: ForeignPartial): number {
  return ranges.reduce((sum, { startByte, endByte }) => sum + endByte - startByte, 0);
}
