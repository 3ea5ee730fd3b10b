import { SluiceError } from '../../base/index.js';
import type { GetRequest, Transport } from '../../net/index.js';
import type { BrokenStream, GoodputFacts } from '../facts.js';
import { failureOf } from '../failure.js';
import { rateLimitOf } from './rate-limit-of.js';
import { outOfOrderShare, segmentsReceived } from './segments-received.js';
import { PROBES } from '../limits.js';
import { watchRate } from './settled.js';
import { Silence } from './silence.js';

export interface Stretch {
  readonly request: Omit<GetRequest, 'signal' | 'onWire' | 'onRedirect' | 'range'>;
  readonly sizeBytes: number;
}

/** A stage ends at whichever comes first; that of several streams also once their rate has settled. */
export interface StageLimits {
  readonly ms: number;
  readonly bytes: number;
  /** A stream that sends nothing for so long has broken, though nobody said so. */
  readonly silentMs: number;
}

const STAGE: StageLimits = { ms: PROBES.stageMs, bytes: PROBES.stageBytes, silentMs: PROBES.stageSilentMs };

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
  let lastMs = startedMs;
  const part = Math.max(1, Math.floor(sizeBytes / streams));
  const one = async (index: number): Promise<void> => {
    const startByte = Math.min(index * part, sizeBytes - 1);
    const askedMs = performance.now();
    let came = 0;
    const silence = new Silence(limits.silentMs);
    try {
      await transport.get(
        {
          ...request,
          range: { startByte, endByte: Math.min(sizeBytes, startByte + part) },
          isAlone: true,
          signal: AbortSignal.any([stop, silence.signal]),
        },
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
            silence.heard();
            lastMs = silence.lastMs ?? lastMs;
            firstMs ??= lastMs;
            came += chunk.length;
            bytes += chunk.length;
            if (bytes >= limits.bytes) over.abort();
          },
        },
      );
    } catch (thrown) {
      if (!stop.aborted) failures.push(brokenStream(thrown, came, askedMs, silence, request.url));
    } finally {
      silence.end();
    }
  };
  // One stream is watched for all of its time, for what cuts it; of several only the rate is asked.
  const unwatch =
    streams > 1
      ? watchRate(
          () => bytes,
          () => over.abort(),
        )
      : undefined;
  try {
    await Promise.all(Array.from({ length: streams }, (_, index) => one(index)));
  } finally {
    clearTimeout(timer);
    unwatch?.();
  }
  signal.throwIfAborted();
  // Connections and first bytes are told elsewhere: the rate is that of bytes that flow.
  const isSilent = failures.length === streams && failures.every(({ silentMs }) => silentMs !== undefined);
  const ms = (isSilent ? lastMs : performance.now()) - (firstMs ?? startedMs);
  const share = outOfOrderShare(before, segmentsReceived());
  return {
    ...{ streams, bytes, ms, bytesPerSecond: ms > 0 ? (bytes / ms) * 1000 : 0, failures },
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(share === undefined ? {} : { outOfOrderShare: share }),
  };
}

function brokenStream(thrown: unknown, bytes: number, askedMs: number, silence: Silence, url: string): BrokenStream {
  const { silentMs, lastMs, signal } = silence;
  if (!signal.aborted || lastMs === undefined) return { ...failureOf(thrown), bytes, ms: performance.now() - askedMs };
  const stalled = new SluiceError('STALLED', { host: new URL(url).host, seconds: Math.round(silentMs / 1000) });
  return { ...failureOf(stalled), bytes, ms: lastMs - askedMs, silentMs };
}
