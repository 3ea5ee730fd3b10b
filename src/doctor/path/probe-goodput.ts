import { SluiceError } from '../../base/index.js';
import type { GetRequest, Transport } from '../../net/index.js';
import type { BrokenStream, GoodputFacts } from '../facts.js';
import { failureOf } from '../failure.js';
import { rateLimitOf } from './rate-limit-of.js';
import { outOfOrderShare, segmentsReceived } from './segments-received.js';
import { PROBES } from '../limits.js';

export interface Stretch {
  readonly request: Omit<GetRequest, 'signal' | 'onWire' | 'onRedirect' | 'range'>;
  readonly sizeBytes: number;
}

/** A stage ends at whichever comes first. */
export interface StageLimits {
  readonly ms: number;
  readonly bytes: number;
}

const STAGE: StageLimits = { ms: PROBES.stageMs, bytes: PROBES.stageBytes };

/** Streams of a stage ask for different parts, so that no cache in between helps; what comes is thrown away. */
export async function probeGoodput(
  transport: Transport,
  { request, sizeBytes }: Stretch,
  streams: number,
  signal: AbortSignal,
  limits = STAGE,
): Promise<GoodputFacts> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const timer = setTimeout(() => over.abort(), limits.ms);
  const failures: BrokenStream[] = [];
  let rateLimit: GoodputFacts['rateLimit'];
  const before = segmentsReceived();
  const startedMs = performance.now();
  let bytes = 0;
  let firstMs: number | undefined;
  const part = Math.max(1, Math.floor(sizeBytes / streams));
  const one = async (index: number): Promise<void> => {
    const startByte = Math.min(index * part, sizeBytes - 1);
    const askedMs = performance.now();
    let came = 0;
    try {
      await transport.get(
        { ...request, range: { startByte, endByte: Math.min(sizeBytes, startByte + part) }, signal: stop },
        {
          onHead: (head) => {
            const { status, url } = head;
            rateLimit = rateLimitOf(head, Date.now()) ?? rateLimit;
            if (status === 206 || status === 200) return true;
            throw new SluiceError(status === 429 ? 'RATE_LIMITED' : 'BAD_RESPONSE', {
              host: new URL(url).host,
              reason: `status ${status}`,
            });
          },
          onData: (chunk) => {
            firstMs ??= performance.now();
            came += chunk.length;
            bytes += chunk.length;
            if (bytes >= limits.bytes) over.abort();
          },
        },
      );
    } catch (thrown) {
      if (!stop.aborted) failures.push({ ...failureOf(thrown), bytes: came, ms: performance.now() - askedMs });
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
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(share === undefined ? {} : { outOfOrderShare: share }),
  };
}
