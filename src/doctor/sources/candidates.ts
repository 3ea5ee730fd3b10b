import { SluiceError, toSluiceError } from '../../base/index.js';
import {
  createHttpOrigin,
  formatRef,
  parseRef,
  type Manifest,
  type ManifestFile,
  type Origin,
  type Ref,
  type Source,
} from '../../hubs/index.js';
import { hubOrigin, originsFor, placesFor, whyNotAsk, type Wires } from '../../pull/index.js';
import type { Failure } from '../facts.js';
import { failureOf } from '../failure.js';
import type { ExamineContext } from '../port.js';

/** One place that may have the file that all candidates are asked for. */
export interface Candidate {
  readonly source: string;
  readonly ref: string;
  /** How to ask for the file; undefined where it is not there, with the reason. */
  readonly way?: Source;
  readonly failure?: Failure;
  /** Whether what names the content is the same as at the first candidate; undefined where nothing tells. */
  readonly agrees?: boolean;
  /** The commit that its answers should name; undefined where the protocol has none. */
  readonly commit?: string;
}

export interface Candidates {
  readonly file: ManifestFile;
  readonly all: readonly Candidate[];
}

/**
 * Everybody that `pull` would think of for this ref, its own endpoints first. The largest file of the first that answers is what all are asked for;
 * another hub learns the name of the repository only where `pull` would tell it. @throws SluiceError that of the first endpoint
 */
export async function findCandidates(
  text: string,
  extra: readonly string[],
  wires: Wires,
  context: ExamineContext,
): Promise<Candidates> {
  const { settings, signal, tell } = context;
  const ref = parseRef(text);
  const origins = originsFor(ref, settings, extra, wires);
  const listings = await Promise.all(
    origins.map(async (origin) => {
      tell('listing', origin.id);
      return listing(origin, ref, signal);
    }),
  );
  const primary = listings.find(({ manifest }) => manifest !== undefined);
  if (primary?.manifest === undefined) throw toSluiceError(listings[0]?.thrown);
  const { pinned, files } = primary.manifest;
  const file = largest(files, text);
  const own = listings.map((each) => candidateOf(each, file));
  const places = await Promise.all(
    placesFor(ref, settings, extra).map(async (place): Promise<readonly Candidate[]> => {
      if (place.kind === 'folder') {
        const origin = createHttpOrigin({ ...wires, url: new URL(encodeURI(file.path), place.url).href });
        return [candidateOf(await listing(origin, parseRef(place.url + file.path), signal), file)];
      }
      if ((await whyNotAsk(place, { origin: primary.origin, pinned }, settings, signal)) !== undefined) return [];
      const { origin: hub } = place.ref;
      const endpoints = place.endpoints ?? (hub === 'hf' ? settings.hfEndpoints : settings.msEndpoints);
      const found = endpoints.map((endpoint) => listing(hubOrigin(hub, endpoint, settings, wires), place.ref, signal));
      return (await Promise.all(found)).map((each) => candidateOf(each, file));
    }),
  );
  return { file, all: [...own, ...places.flat()] };
}

interface Listing {
  readonly origin: Origin;
  readonly ref: Ref;
  readonly manifest?: Manifest;
  /** Set where there is no manifest. */
  readonly thrown?: unknown;
}

async function listing(origin: Origin, ref: Ref, signal: AbortSignal): Promise<Listing> {
  try {
    return { origin, ref, manifest: await origin.list(await origin.pin(ref, signal), signal) };
  } catch (thrown) {
    signal.throwIfAborted();
    return { origin, ref, thrown };
  }
}

function candidateOf(listed: Listing, wanted: ManifestFile): Candidate {
  const { origin, ref, manifest, thrown } = listed;
  const named = { source: origin.id, ref: formatRef(ref) };
  if (manifest === undefined) return { ...named, failure: failureOf(thrown) };
  const { files, pinned } = manifest;
  const { sha256 } = wanted.digests;
  const file =
    files.find(({ digests }) => sha256 !== undefined && digests.sha256 === sha256) ??
    files.find(({ path }) => path === wanted.path) ??
    (ref.origin === 'https' ? files[0] : undefined);
  if (file === undefined) return { ...named, failure: { code: 'FILE_NOT_FOUND', message: wanted.path } };
  const agrees = isSame(file, wanted);
  return {
    ...named,
    way: origin.source(pinned, file),
    ...(agrees === undefined ? {} : { agrees }),
    ...(origin.kind === 'hf' ? { commit: pinned.commit } : {}),
  };
}

/** Undefined where neither a digest nor the size tells. */
function isSame(theirs: ManifestFile, wanted: ManifestFile): boolean | undefined {
  const [one, other] = [theirs.digests.sha256, wanted.digests.sha256];
  if (one !== undefined && other !== undefined) return one === other;
  return theirs.sizeBytes !== undefined && theirs.sizeBytes !== wanted.sizeBytes ? false : undefined;
}

/** @throws SluiceError NOTHING_MATCHED */
function largest(files: readonly ManifestFile[], ref: string): ManifestFile {
  const [first, ...rest] = files;
  if (first === undefined) throw new SluiceError('NOTHING_MATCHED', { ref });
  return rest.reduce((most, each) => ((each.sizeBytes ?? 0) > (most.sizeBytes ?? 0) ? each : most), first);
}
