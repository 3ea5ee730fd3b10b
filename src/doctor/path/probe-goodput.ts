import { SluiceError } from '../../base/index.js';
import type { GetRequest, Transport } from '../../net/index.js';
import type { Failure, GoodputFacts } from '../facts.js';
import { failureOf } from '../failure.js';
import { outOfOrderShare, segmentsReceived } from './segments-received.js';
import { PROBES } from '../limits.js';

export interface Stretch {
  readonly request: Omit<GetRequest, 'signal' | 'onWire' | 'onRedirect' | 'range'>;
  readonly sizeBytes: number;
}

/** Streams of a stage ask for different parts, so that no cache in between helps; what comes is thrown away. */
export async function probeGoodput(
  transport: Transport,
  { request, sizeBytes }: Stretch,
  streams: number,
  signal: AbortSignal,
): Promise<GoodputFacts> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const timer = setTimeout(() => over.abort(), PROBES.stageMs);
  const failures: Failure[] = [];
  const before = segmentsReceived();
  const startedMs = performance.now();
  let bytes = 0;
  let firstMs: number | undefined;
  const part = Math.max(1, Math.floor(sizeBytes / streams));
  const one = async (index: number): Promise<void> => {
    const startByte = Math.min(index * part, sizeBytes - 1);
    try {
      await transport.get(
        { ...request, range: { startByte, endByte: Math.min(sizeBytes, startByte + part) }, signal: stop },
        {
          onHead: ({ status, url }) => {
            if (status === 206 || status === 200) return true;
            throw new SluiceError(status === 429 ? 'RATE_LIMITED' : 'BAD_RESPONSE', {
              host: new URL(url).host,
              reason: `status ${status}`,
            });
          },
          onData: (chunk) => {
            firstMs ??= performance.now();
            bytes += chunk.length;
            if (bytes >= PROBES.stageBytes) over.abort();
          },
        },
      );
    } catch (thrown) {
      if (!stop.aborted) failures.push(failureOf(thrown));
    }
  };
  try {
    await Promise.all(Array.from({ length: streams }, (_, index) => one(index)));
  } finally {
    clearTimeout(timer);
  }
  signal.throwIfAborted();
  // Connections and first bytes are told elsewhere: the rate is that of bytes that flow.
  const ms = performance.now() - (firstMs ?? startedMs);
  const share = outOfOrderShare(before, segmentsReceived());
  return {
    ...{ streams, bytes, ms, bytesPerSecond: ms > 0 ? (bytes / ms) * 1000 : 0, failures },
    ...(share === undefined ? {} : { outOfOrderShare: share }),
  };
}
