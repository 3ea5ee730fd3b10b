import { toSluiceError, type PlaceReport, type SluiceError } from '../../base/index.js';
import { formatRef, repositoryPath, type Manifest, type Origin, type Source } from '../../hubs/index.js';
import { readManifest, saveManifest } from '../manifests.js';
import { hubOrigin, sourcesOf } from '../origins.js';
import { compareFiles, type Comparison } from './compare.js';
import type { Look, LookContext } from './lookup.js';
import { whyNotAsk } from './may-ask.js';
import type { Place } from './places.js';

type RepositoryPlace = Extract<Place, { kind: 'repository' }>;

interface Found {
  readonly manifest: Manifest;
  /** The one that answered comes first. */
  readonly origins: readonly Origin[];
}

/** Pins and lists the same or another repository on a hub: two requests, one when this commit was seen before. */
export const lookAtRepository: Look<'repository'> = (place, primary, wanted, context) => {
  const { settings, signal } = context;
  const origins = originsFor(place, context);
  const ref = formatRef(place.ref);
  const source = origins[0]?.id ?? ref;
  const none = { source, ref, commit: null, agree: [], differ: [], lack: [] };
  const look = async (): Promise<{ report: PlaceReport; found?: Found; comparison?: Comparison }> => {
    const unasked = await whyNotAsk(place, primary, settings, signal);
    if (unasked !== undefined) return { report: { ...none, unasked } };
    const found = await find(place, origins, context);
    const comparison = compareFiles(await wanted, found.manifest.files);
    const report = {
      ...none,
      source: found.origins[0]?.id ?? source,
      commit: found.manifest.pinned.commit,
      agree: [...comparison.agree.keys()],
      differ: comparison.differ,
      lack: comparison.lack,
    };
    return { report, found, comparison };
  };
  const outcome = look().catch((thrown: unknown) => {
    const { code, message } = toSluiceError(thrown);
    return { report: { ...none, failure: { code, message } }, found: undefined, comparison: undefined };
  });
  return {
    source,
    ref,
    report: outcome.then(({ report }) => report),
    sources: async (file): Promise<readonly Source[]> => {
      const { found, comparison } = await outcome;
      const theirs = comparison?.agree.get(file.path);
      return found === undefined || theirs === undefined
        ? []
        : sourcesOf(found.origins, found.manifest.pinned, theirs, settings.hfXet);
    },
  };
};

function originsFor(
  { ref, endpoints }: RepositoryPlace,
  { settings, wires, originsOf }: LookContext,
): readonly Origin[] {
  if (endpoints === undefined && originsOf !== undefined) return originsOf(ref.origin, repositoryPath(ref));
  const usual = ref.origin === 'hf' ? settings.hfEndpoints : settings.msEndpoints;
  return (endpoints ?? usual).map((endpoint) => hubOrigin(ref.origin, endpoint, settings, wires));
}

/** The first endpoint that answers decides. @throws SluiceError that of the first */
async function find(
  { ref }: RepositoryPlace,
  origins: readonly Origin[],
  { store, signal }: LookContext,
): Promise<Found> {
  let first: SluiceError | undefined;
  for (const origin of origins) {
    try {
      const pinned = await origin.pin(ref, signal);
      const kept = await readManifest(store, pinned);
      const manifest = kept ?? (await origin.list(pinned, signal));
      if (kept === undefined) await saveManifest(store, manifest);
      return { manifest, origins: [origin, ...origins.filter((other) => other !== origin)] };
    } catch (thrown) {
      first ??= toSluiceError(thrown);
      if (signal.aborted) break;
    }
  }
  throw toSluiceError(first);
}
