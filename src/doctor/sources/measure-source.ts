import { createHash } from 'node:crypto';
import { SluiceError } from '../../base/index.js';
import type { Source } from '../../hubs/index.js';
import type { GetRequest, Transport } from '../../net/index.js';
import type { Failure } from '../facts.js';
import { failureOf } from '../failure.js';
import { SOURCE_PROBES } from '../limits.js';
import { probeAnswer } from '../path/probe-answer.js';
import { probeGoodput } from '../path/probe-goodput.js';
import type { Candidate } from './candidates.js';
import type { Honesty } from './report.js';

export interface MeasuredSource {
  readonly answerMs: readonly number[];
  readonly failures: readonly Failure[];
  readonly bytesPerSecond?: number;
  readonly honesty: Honesty;
  /** SHA-256 of the bytes that all candidates were asked for. */
  readonly sample?: string;
}

type Request = Omit<GetRequest, 'signal' | 'onWire' | 'onRedirect' | 'range'>;

/** Asks one source several times, one after another, then for some of the file. Failures are counted and not thrown. @throws SluiceError INTERRUPTED */
export async function measureSource(
  { way, commit, failure }: Candidate,
  sizeBytes: number,
  spot: { readonly startByte: number; readonly endByte: number },
  { transport, signal }: { readonly transport: Transport; readonly signal: AbortSignal },
): Promise<MeasuredSource> {
  if (way === undefined) return { answerMs: [], failures: failure === undefined ? [] : [failure], honesty: {} };
  const request = requestOf(way);
  const answerMs: number[] = [];
  const failures: Failure[] = [];
  let honesty: Honesty = {};
  for (let attempt = 0; attempt < SOURCE_PROBES.tries; attempt += 1) {
    try {
      const startedMs = performance.now();
      const { head, urls, hops } = await probeAnswer(transport, request, signal);
      if (head.status !== 206 && head.status !== 200) throw way.failure(head, '');
      answerMs.push(performance.now() - startedMs);
      const sendsTo = urls.map((url) => new URL(url).host).find((host) => host !== new URL(way.url).host);
      const named = [...hops, head].map(({ headers }) => headers['x-repo-commit']).find((each) => each !== undefined);
      honesty = {
        servesRanges: head.status === 206,
        ...(commit === undefined || named === undefined ? {} : { pinsCommits: named === commit }),
        ...(sendsTo === undefined ? {} : { sendsTo }),
      };
    } catch (thrown) {
      signal.throwIfAborted();
      failures.push(failureOf(thrown));
    }
  }
  if (answerMs.length === 0) return { answerMs, failures, honesty };
  const sample = await hashOf(transport, request, spot, signal).catch((thrown: unknown) => {
    signal.throwIfAborted();
    failures.push(failureOf(thrown));
    return undefined;
  });
  const flow = await probeGoodput(transport, { request, sizeBytes }, SOURCE_PROBES.streams, signal);
  failures.push(...flow.failures);
  return {
    ...{ answerMs, failures, honesty, bytesPerSecond: flow.bytesPerSecond },
    ...(sample === undefined ? {} : { sample }),
  };
}

async function hashOf(
  transport: Transport,
  request: Request,
  range: { readonly startByte: number; readonly endByte: number },
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  await transport.get(
    { ...request, range, signal },
    {
      onHead: ({ status }) => {
        if (status !== 206) throw new SluiceError('RANGE_REFUSED', { host: new URL(request.url).host });
        return true;
      },
      onData: (chunk) => {
        bytes += chunk.length;
        hash.update(chunk);
      },
    },
  );
  if (bytes !== range.endByte - range.startByte) throw new SluiceError('RESET', { host: new URL(request.url).host });
  return hash.digest('hex');
}

function requestOf({ url, headers, credentials }: Source): Request {
  return { url, ...(headers === undefined ? {} : { headers }), ...(credentials === undefined ? {} : { credentials }) };
}
