import { basename, join } from 'node:path';
import { SluiceError, assertSafePath } from '../../base/index.js';
import { asSluiceErrors } from '../files/errors.js';
import { isSha256 } from '../layout.js';
import type { Store } from '../port.js';
import { landFlat } from './flat/land-flat.js';
import { hfTemporary, landHf } from './hf/land-hf.js';
import type { Landed, LayoutContext } from './layout-context.js';
import { landModelscope } from './modelscope/land-modelscope.js';
import { landModelscopeLegacy } from './modelscope/land-modelscope-legacy.js';
import { LADDER } from './place/link-ladder.js';
import { Placer } from './place/placer.js';
import { safeFolders } from './place/safe-folder.js';
import type { LandOptions, LandView, LinkMethod, ViewEntry, ViewKind, ViewRequest, ViewResult } from './port.js';
import { landRepository } from './repository/land-repository.js';
import { readRecord, recordName, writeRecord, type ViewRecord } from './view-record.js';

const LAYOUTS: Readonly<Record<ViewKind, (context: LayoutContext) => Promise<Landed>>> = {
  hf: landHf,
  modelscope: landModelscope,
  'modelscope-legacy': landModelscopeLegacy,
  flat: landFlat,
  repository: landRepository,
};

/** Makes files of the store appear under `root` in a layout that loaders know; see the port for the contract. */
export const landView: LandView = (kind, root, request, store, options = {}) =>
  asSluiceErrors(() => land(kind, root, request, store, options));

async function land(
  kind: ViewKind,
  root: string,
  request: ViewRequest,
  store: Store,
  options: LandOptions,
): Promise<ViewResult> {
  for (const file of request.files) assertSafePath(file.path);
  const links = options.links ?? LADDER;
  if (links.length === 0) throw new SluiceError('BAD_SETTING', { key: 'links', value: '', reason: 'no method left' });
  const view = { ...request, kind, root: (await safeFolders(root)).root, repositoryKind: request.kind };
  const before = await readRecord(store, recordName(view));
  const placer = await Placer.open(view.root, {
    store,
    links,
    known: before?.entries ?? [],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(kind === 'hf' ? { temporary: hfTemporary } : {}),
  });
  const context = { placer, store, request, links, symlinks: options.symlinks ?? true };
  let landed: Landed;
  try {
    landed = await LAYOUTS[kind](context);
  } catch (thrown) {
    // What stands already is ours to remove, too.
    await writeRecord(store, recordOf(view, before, placer, before?.path ?? view.root));
    throw thrown;
  }
  const path = join(view.root, landed.path);
  const record = recordOf(view, before, placer, path);
  await writeRecord(store, record);
  return { path, methods: count(landed.methods), entries: record.entries };
}

function recordOf(
  view: Pick<ViewRecord, 'kind' | 'root' | 'repositoryKind'> & Omit<ViewRequest, 'kind'>,
  before: ViewRecord | undefined,
  placer: Placer,
  path: string,
): ViewRecord {
  const { kind, root, origin, repositoryKind, id, revision, commit, files } = view;
  const entries = new Map<string, ViewEntry>(before?.entries.map((entry) => [entry.path, entry]));
  for (const [name, entry] of placer.entries) entries.set(name, entry);
  const blobs = new Set(files.map((file) => file.sha256));
  for (const sha256 of before?.commit === commit ? before.blobs : []) blobs.add(sha256);
  // Layouts without commits keep files that a newer one no longer has: a symlink among them still needs its blob.
  for (const entry of entries.values()) {
    const pointsTo = entry.type === 'symlink' ? basename(entry.target) : '';
    if (isSha256(pointsTo)) blobs.add(pointsTo);
  }
  return {
    ...{ kind, root, origin, repositoryKind, id, revision, commit, path },
    landedAtMs: Date.now(),
    blobs: [...blobs].sort(),
    sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    entries: [...entries.values()],
  };
}

function count(methods: readonly LinkMethod[]): Readonly<Partial<Record<LinkMethod, number>>> {
  const counts: Partial<Record<LinkMethod, number>> = {};
  for (const method of methods) counts[method] = (counts[method] ?? 0) + 1;
  return counts;
}
