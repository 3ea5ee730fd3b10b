import { toSluiceError } from '../../../base/index.js';
import type { Description, FaceReply, Snapshot } from '../../face.js';
import { asObject, type JsonObject } from '../../fields.js';
import type { Addressed } from './context.js';
import { gitOidOf, lfsOf } from './git-names.js';
import { isTrue, json, snapshotHeaders } from './replies.js';
import { refOf, snapshotOf } from './revision.js';

/** `GET /api/models/{repo}[/revision/{rev}]`: the hub's own description around what we know ourselves, which is the commit and its files. */
export async function answerInfo(at: Addressed, revision: string | undefined): Promise<FaceReply> {
  const { context, request } = at;
  const snapshot = await snapshotOf(at, revision);
  const told = await tellOf(at, snapshot);
  const base = asObject(context.clean(told?.value, request.publicUrl)) ?? {};
  const info = assemble(at, snapshot, base);
  const warning = told?.warning ?? snapshot.warning;
  const shown = chosen(request.query);
  const value = shown.size === 0 ? info : Object.fromEntries(Object.entries(info).filter(([name]) => shown.has(name)));
  return json(value, snapshotHeaders({ ...snapshot, ...(warning === undefined ? {} : { warning }) }));
}

/** Files can be had without it: whatever keeps the description away keeps nobody from them. */
async function tellOf({ context, request, named }: Addressed, { pinned }: Snapshot): Promise<Description | undefined> {
  const ref = refOf(named, pinned.commit);
  try {
    return await context.catalogue.describe(ref, 'info', request.caller, request.signal);
  } catch (thrown) {
    if (toSluiceError(thrown).code === 'INTERRUPTED') throw thrown;
    return undefined;
  }
}

/** The names in `expand`, which may be repeated, written `expand[]`, or joined by commas; the id is always told. */
function chosen(query: URLSearchParams): ReadonlySet<string> {
  const names = [...query.getAll('expand'), ...query.getAll('expand[]')].flatMap((text) => text.split(','));
  const wanted = names.filter((name) => name !== '');
  return new Set(wanted.length === 0 ? [] : [...wanted, 'id', '_id']);
}

function assemble({ context, request, named }: Addressed, snapshot: Snapshot, told: JsonObject): JsonObject {
  const { id, kind } = named.repository;
  const { pinned, files } = snapshot;
  const { safetensors, xetEnabled: _, ...base } = told;
  const withBlobs = isTrue(request.query.get('blobs'));
  const wantsXet = chosen(request.query).has('xetEnabled');
  return {
    _id: pinned.commit.slice(0, 24),
    author: id.split('/').at(-2) ?? null,
    private: pinned.isPublic === false,
    gated: false,
    disabled: false,
    downloads: 0,
    likes: 0,
    tags: [],
    cardData: {},
    ...base,
    ...(isSafetensors(safetensors) ? { safetensors } : {}),
    ...(wantsXet ? { xetEnabled: context.xet !== undefined } : {}),
    id,
    ...(kind === 'model' ? { modelId: id } : {}),
    sha: pinned.commit,
    siblings: files.map((file) => {
      const lfs = withBlobs ? lfsOf(file) : undefined;
      const size = file.sizeBytes ?? 0;
      return {
        rfilename: file.path,
        ...(withBlobs ? { size, blobId: gitOidOf(file) } : {}),
        ...(lfs === undefined ? {} : { lfs: { ...lfs, size } }),
      };
    }),
  };
}

/** Clients fail on one without these. */
function isSafetensors(value: unknown): boolean {
  const object = asObject(value);
  return asObject(object?.parameters) !== undefined && typeof object?.total === 'number';
}
