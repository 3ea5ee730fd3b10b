import type { IncomingMessage } from 'node:http';
import { SluiceError, toSluiceError } from '../base/index.js';
import type { Face, FaceReply, FaceRequest } from '../hubs/index.js';
import type { Headers } from '../net/index.js';
import type { Gate, Passed } from './gate.js';
import { MAX_BODY_BYTES } from './limits.js';
import type { ServerMetrics } from './metrics/server-metrics.js';
import { findOwnRoute } from './own-routes.js';
import type { Readiness } from './readiness.js';
import { methods } from './methods.js';
import { refusal, type RefusalReason } from './refusal.js';
import { readBody } from './request/read-request.js';

export interface Choosing {
  readonly gate: Gate;
  /** The first face that knows a path answers it. */
  readonly faces: readonly Face[];
  readonly metrics: ServerMetrics;
  readonly readiness: Readiness;
  readonly onError: (error: SluiceError, path: string) => void;
}

/** An answer, and who gives it. */
export interface Chosen {
  /** A face's name, `own`, or `none`. */
  readonly face: string;
  readonly reply: FaceReply;
  /** Who asks, by name. */
  readonly who?: string | undefined;
}

/** Judges a request and asks whoever is to answer it. Never rejects. */
export async function chooseReply(
  its: Choosing,
  message: IncomingMessage,
  { headers, peer, isTls, signal }: { headers: Headers; peer: string; isTls: boolean; signal: AbortSignal },
): Promise<Chosen> {
  const crowded = its.gate.connectionRefusal(peer);
  if (crowded !== undefined) return refused(its, crowded);
  const isOpen = (path: string): boolean => its.faces.some((face) => face.isOpen?.(path) === true);
  const verdict = await its.gate.judge(message, { headers, peer, isTls, isOpen });
  if ('refused' in verdict) return refused(its, verdict.refused, verdict.retryAfterMs);
  if ('asksMethods' in verdict) return { face: 'none', reply: methods(headers) };
  const { passed } = verdict;
  const { who } = passed.admission;
  const own = findOwnRoute(passed.path);
  if (own !== undefined) return { face: 'own', who, reply: await own.answer(its) };
  return { who, ...(await askFaces(its, message, headers, passed, signal)) };
}

async function askFaces(
  its: Choosing,
  message: IncomingMessage,
  headers: Headers,
  passed: Passed,
  signal: AbortSignal,
): Promise<Chosen> {
  const body = { isTooLong: false };
  const { admission, ...asked } = passed;
  const request: FaceRequest = {
    ...asked,
    headers,
    caller: admission.caller,
    who: admission.who,
    signal,
    body: (limitBytes) =>
      readBody(message, Math.min(limitBytes, MAX_BODY_BYTES)).catch((thrown: unknown) => {
        body.isTooLong ||= thrown instanceof SluiceError && thrown.code === 'USAGE';
        throw thrown;
      }),
  };
  for (const face of its.faces) {
    const reply = face.answer(request);
    if (reply === undefined) continue;
    try {
      const given = await reply;
      return body.isTooLong ? refused(its, 'body') : { face: face.name, reply: given };
    } catch (thrown) {
      if (body.isTooLong) return refused(its, 'body');
      its.onError(toSluiceError(thrown), request.path);
      return { face: face.name, reply: { status: 500, headers: {} } };
    }
  }
  return { face: 'none', reply: refusal('absent') };
}

function refused({ metrics }: Choosing, reason: RefusalReason, retryAfterMs?: number): Chosen {
  metrics.refused(reason);
  return { face: 'none', reply: refusal(reason, retryAfterMs) };
}
