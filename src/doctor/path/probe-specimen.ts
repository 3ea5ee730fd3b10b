import { SluiceError, type Digests } from '../../base/index.js';
import type { GetRequest, Transport } from '../../net/index.js';
import { proveBytes } from '../../proof/index.js';
import type { SpecimenFacts } from '../facts.js';
import { failureOf } from '../failure.js';
import { PROBES } from '../limits.js';
import { leadTo } from './lead-to.js';

/** A file that one endpoint should have, with what the listing says its bytes are. */
export interface Specimen {
  readonly request: Omit<GetRequest, 'signal' | 'onWire' | 'onRedirect' | 'range'>;
  readonly path: string;
  readonly sizeBytes: number;
  readonly digests: Digests;
}

/** Fetches it whole and proves it; what does not come, or not in time, proves nothing. @throws SluiceError INTERRUPTED */
export async function probeSpecimen(
  transport: Transport,
  { request, path, sizeBytes, digests }: Specimen,
  signal: AbortSignal,
): Promise<SpecimenFacts> {
  const { host } = new URL(request.url);
  const urls = [request.url];
  const chunks: Buffer[] = [];
  let bytes = 0;
  const named = { host, path, sizeBytes };
  try {
    await transport.get(
      {
        ...request,
        signal: AbortSignal.any([signal, AbortSignal.timeout(PROBES.specimenMs)]),
        onRedirect: (target) => void urls.push(target),
      },
      {
        onHead: ({ status, url }) => {
          if (status === 200) return true;
          throw new SluiceError('BAD_RESPONSE', { host: new URL(url).host, reason: `status ${status}` });
        },
        onData: (chunk) => {
          bytes += chunk.length;
          // More than it should be is wrong already, and must not fill the memory.
          if (bytes <= sizeBytes) chunks.push(Buffer.from(chunk));
          else throw new SluiceError('SIZE_MISMATCH', { path, expected: sizeBytes, actual: bytes });
        },
      },
    );
  } catch (thrown) {
    signal.throwIfAborted();
    const failure = failureOf(thrown);
    return { ...named, ...leadTo(request.url, urls), failure, ...(bytes > sizeBytes ? { isRight: false } : {}) };
  }
  const { mismatch } = proveBytes(Buffer.concat(chunks), digests);
  return { ...named, ...leadTo(request.url, urls), isRight: mismatch === undefined };
}
