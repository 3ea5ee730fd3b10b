import { SluiceError } from '../base/index.js';
import { parseRef, type Ref } from '../hubs/index.js';
import type { GetRequest } from '../net/index.js';
import { hubOrigin, type Wires } from '../pull/index.js';
import { ASSUMED_BYTES } from './limits.js';
import type { HostProbe } from './path/probe-host.js';
import type { ModelListing } from './fit/read-range.js';
import type { ExamineContext } from './port.js';

/** What is to be examined: hosts in the order in which the job touches them, and the size of the job. */
export interface Subject {
  readonly probes: readonly HostProbe[];
  readonly sizeBytes: number;
  readonly isAssumed: boolean;
  /** Of a repository: what is in it. */
  readonly listing?: ModelListing;
}

/**
 * `undefined`: the endpoints of the settings. A URL: its host, and its bytes. A ref: its first endpoint, and its largest file.
 * @throws SluiceError BAD_REF, and what listing the ref meets
 */
export async function findSubject(text: string | undefined, wires: Wires, context: ExamineContext): Promise<Subject> {
  const { settings, signal } = context;
  if (text === undefined) {
    const endpoints = [...new Set([...settings.hfEndpoints, ...settings.msEndpoints])];
    return assumed(endpoints.map((endpoint) => named(endpoint, 'hub')));
  }
  const ref = refOrHost(text);
  if (ref === undefined) return assumed([named(`https://${text}/`, 'named')]);
  if (ref.origin === 'https') return assumed([{ ...named(ref.url, 'named'), isCarrier: true }]);
  const [endpoint] = ref.origin === 'hf' ? settings.hfEndpoints : settings.msEndpoints;
  if (endpoint === undefined) throw new SluiceError('BAD_REF', { ref: text, reason: 'no endpoint is set for it' });
  const origin = hubOrigin(ref.origin, endpoint, settings, wires);
  context.tell('listing', origin.id);
  const { files, pinned } = await origin.list(await origin.pin(ref, signal), signal);
  const largest = files.reduce(
    (most, file) => ((file.sizeBytes ?? 0) > (most?.sizeBytes ?? 0) ? file : most),
    files[0],
  );
  const sizeBytes = files.reduce((sum, file) => sum + (file.sizeBytes ?? 0), 0);
  if (largest === undefined) return { probes: [named(endpoint, 'hub')], sizeBytes, isAssumed: false };
  const { url, headers, credentials } = origin.source(pinned, largest);
  const request: GetRequest = {
    url,
    signal,
    ...(headers === undefined ? {} : { headers }),
    ...(credentials === undefined ? {} : { credentials }),
  };
  const stretch = { request, sizeBytes: largest.sizeBytes ?? 1 };
  const listing: ModelListing = { origin, pinned, files };
  return { probes: [{ stretch, role: 'hub', isCarrier: true }], sizeBytes, isAssumed: false, listing };
}

function assumed(probes: readonly HostProbe[]): Subject {
  return { probes, sizeBytes: ASSUMED_BYTES, isAssumed: true };
}

function named(url: string, role: HostProbe['role']): HostProbe {
  return { stretch: { request: { url }, sizeBytes: ASSUMED_BYTES }, role, isCarrier: false };
}

/** Undefined for the name of a host, alone or with a port. */
function refOrHost(text: string): Ref | undefined {
  if (/^[a-z0-9.-]+(:\d+)?$/i.test(text) && (text.includes('.') || text.startsWith('localhost'))) return undefined;
  return parseRef(text);
}
