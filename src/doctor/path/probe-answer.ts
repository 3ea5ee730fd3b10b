import { parseHttpDate, type GetRequest, type ResponseHead, type Transport } from '../../net/index.js';
import type { AnswerFacts } from '../facts.js';
import { leadTo } from './lead-to.js';
import { rateLimitOf } from './rate-limit-of.js';

export interface Answered {
  readonly facts: AnswerFacts;
  readonly head: ResponseHead;
  /** Where the request was led from host to host, the last included. */
  readonly urls: readonly string[];
  /** What the redirects on the way said. */
  readonly hops: readonly ResponseHead[];
}

/** One request for one byte. @throws SluiceError as `Transport.get` does */
export async function probeAnswer(
  transport: Transport,
  request: Omit<GetRequest, 'signal' | 'onWire' | 'onRedirect'>,
  signal: AbortSignal,
): Promise<Answered> {
  let wireMs = performance.now();
  let answered: Answered | undefined;
  const urls = [request.url];
  const hops: ResponseHead[] = [];
  await transport.get(
    {
      ...request,
      range: { startByte: 0, endByte: 1 },
      signal,
      onWire: () => (wireMs = performance.now()),
      onRedirect: (target, head) => {
        urls.push(target);
        hops.push(head);
      },
    },
    {
      onHead: (head) => {
        const nowMs = Date.now();
        const dateMs = parseHttpDate(head.headers.date ?? '');
        const rateLimit = rateLimitOf(head, nowMs);
        const facts: AnswerFacts = {
          status: head.status,
          ...leadTo(request.url, urls),
          ...(head.status === 206 || head.status === 200 ? { servesRanges: head.status === 206 } : {}),
          firstByteMs: performance.now() - wireMs,
          ...(dateMs === undefined ? {} : { clockAheadMs: dateMs - Math.floor(nowMs / 1000) * 1000 }),
          ...(rateLimit === undefined ? {} : { rateLimit }),
        };
        answered = { facts, head, urls, hops };
        return true;
      },
      onData: () => undefined,
    },
  );
  if (answered === undefined) throw new Error('an answer without a head');
  return answered;
}
