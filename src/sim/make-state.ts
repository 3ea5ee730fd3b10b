import type { SimOptions } from './options.js';
import { makeFolder } from './plain.js';
import { Repository } from './repository.js';
import { SignedUrls } from './signed-urls.js';
import type { HubHabits, HubState } from './state.js';
import { XetService } from './xet/service.js';

/** What the routes know, from what the simulator was told. */
export function makeState(options: SimOptions): HubState {
  const habits: HubHabits = {
    lfs: 'redirect',
    resolveCache: false,
    treePageSize: 1000,
    cdnEtag: false,
    ...options.habits,
  };
  const all = options.repositories ?? [];
  const huggingFace = all.map((spec) => new Repository(spec, 'huggingface', 'main'));
  return {
    huggingFace,
    modelScope: all.map((spec) => new Repository(spec, 'modelscope', 'master')),
    folders: new Map(Object.entries(options.folders ?? {}).map(([name, files]) => [name, makeFolder(files)])),
    users: new Map(Object.entries(options.users ?? {}).map(([token, name]) => [token, { name }])),
    habits,
    signedUrls: new SignedUrls({ forMs: options.signedForMs ?? 3_600_000, uses: options.signedUses ?? Infinity }),
    xet: options.xet === undefined ? undefined : new XetService(options.xet, huggingFace),
  };
}
