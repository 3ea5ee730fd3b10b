import { SluiceError } from '../base/index.js';
import { parseRef, type ManifestFile, type Ref, type Source } from '../hubs/index.js';
import type { GetRequest } from '../net/index.js';
import { hubOrigin, type Wires } from '../pull/index.js';
import { ASSUMED_BYTES, PROBES } from './limits.js';
import type { HostProbe } from './path/probe-host.js';
import type { Specimen } from './path/probe-specimen.js';
import type { ModelListing } from './fit/read-range.js';
import type { ExamineContext } from './port.js';

/** What is to be examined: hosts in the order in which the job touches them, and the size of the job. */
export interface Subject {
  readonly probes: readonly HostProbe[];
  readonly sizeBytes: number;
  readonly isAssumed: boolean;
  /** One file, at each endpoint that is set for its hub. */
  readonly specimens: readonly Specimen[];
  /** Those endpoints' hosts. */
  readonly endpoints: readonly string[];
  /** Of a repository: what is in it. */
  readonly listing?: ModelListing;
}

/**
 * `undefined`: the endpoints of the settings. A URL: its host, and its bytes. A ref: its first endpoint, and its largest file.
 * @throws SluiceError BAD_REF, and what listing the ref meets
 */
export async function findSubject(text: string | undefined, wires: Wires, context: ExamineContext): Promise<Subject> {
  const { settings, signal } = context;
  if (text === undefined) return endpointsOf(undefined, context);
  const ref = refOrHost(text);
  if (ref === undefined) return assumed([named(`https://${text}/`, 'named')]);
  if (ref.origin === 'https') return assumed([{ ...named(ref.url, 'named'), isCarrier: true }]);
  const endpoints = ref.origin === 'hf' ? settings.hfEndpoints : settings.msEndpoints;
  const [endpoint] = endpoints;
  if (endpoint === undefined) throw new SluiceError('BAD_REF', { ref: text, reason: 'no endpoint is set for it' });
  const origin = hubOrigin(ref.origin, endpoint, settings, wires);
  context.tell('listing', origin.id);
  const { files, pinned } = await origin.list(await origin.pin(ref, signal), signal);
  const largest = files.reduce(
    (most, file) => ((file.sizeBytes ?? 0) > (most?.sizeBytes ?? 0) ? file : most),
    files[0],
  );
  const sizeBytes = files.reduce((sum, file) => sum + (file.sizeBytes ?? 0), 0);
  if (largest === undefined) return { ...assumed([named(endpoint, 'hub')]), sizeBytes, isAssumed: false };
  const stretch = { request: requestOf(origin.source(pinned, largest)), sizeBytes: largest.sizeBytes ?? 1 };
  const file = specimenOf(files);
  const specimens = endpoints.slice(0, PROBES.specimens).flatMap((each): Specimen[] => {
    if (file === undefined) return [];
    const { path, sizeBytes: bytes = 0, digests } = file;
    const source = hubOrigin(ref.origin, each, settings, wires).source(pinned, file);
    return [{ request: requestOf(source), path, sizeBytes: bytes, digests }];
  });
  return {
    probes: [{ stretch, role: 'hub', isCarrier: true }],
    ...{ sizeBytes, isAssumed: false, specimens },
    endpoints: endpoints.map((each) => new URL(each).host),
    listing: { origin, pinned, files },
  };
}

/** The endpoints of the ref's hub, of all hubs without a ref, and what is known without asking them. */
export function endpointsOf(text: string | undefined, { settings }: ExamineContext): Subject {
  const ref = text === undefined ? undefined : refOrHost(text);
  const hf = ref?.origin === 'ms' ? [] : settings.hfEndpoints;
  const ms = ref?.origin === 'hf' ? [] : settings.msEndpoints;
  return assumed([...new Set([...hf, ...ms])].map((endpoint) => named(endpoint, 'hub')));
}

/** The largest that may be fetched whole, of those whose bytes can be proven. */
function specimenOf(files: readonly ManifestFile[]): ManifestFile | undefined {
  const fit = files.filter(
    ({ sizeBytes = 0, digests }) =>
      sizeBytes > 0 && sizeBytes <= PROBES.specimenBytes && Object.keys(digests).length > 0,
  );
  return fit.reduce<ManifestFile | undefined>(
    (most, file) => ((file.sizeBytes ?? 0) > (most?.sizeBytes ?? 0) ? file : most),
    undefined,
  );
}

function requestOf({ url, headers, credentials }: Source): Omit<GetRequest, 'signal'> {
  return { url, ...(headers === undefined ? {} : { headers }), ...(credentials === undefined ? {} : { credentials }) };
}

function assumed(probes: readonly HostProbe[]): Subject {
  return { probes, sizeBytes: ASSUMED_BYTES, isAssumed: true, specimens: [], endpoints: [] };
}

function named(url: string, role: HostProbe['role']): HostProbe {
  return { stretch: { request: { url }, sizeBytes: ASSUMED_BYTES }, role, isCarrier: false };
}

/** Undefined for the name of a host, alone or with a port. */
function refOrHost(text: string): Ref | undefined {
  if (/^[a-z0-9.-]+(:\d+)?$/i.test(text) && (text.includes('.') || text.startsWith('localhost'))) return undefined;
  return parseRef(text);
}
