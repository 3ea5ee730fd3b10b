import { SluiceError, type EventSink } from '../../base/index.js';
import { gateKey, type HostGate, type ResponseHead } from '../../net/index.js';
import { hostOf, sizeMismatch } from './check-answer.js';
import { parseUnsatisfied } from './content-range.js';
import type { FileSource } from './file-source.js';
import { perform, type WireEnd, type WireHooks, type WireMeans, type WireRequest, type WireTarget } from './perform.js';
import type { Way } from './route.js';

/** What requests need from the transfer they belong to. */
export interface RequestEnvironment extends WireMeans {
  readonly gate: HostGate | undefined;
  readonly emit: EventSink;
  /** Opens connections ahead of need to where the pieces of a file are. */
  readonly warm?: (url: string, sizeBytes: number | undefined) => void;
}

export interface BodyRequest {
  readonly file: string;
  readonly from: FileSource;
  /** Of the whole file, where it is known. */
  readonly sizeBytes?: number;
  readonly range?: { readonly startByte: number; readonly endByte: number };
  readonly signal: AbortSignal;
  /** Does the exchange itself, here or in another thread. */
  readonly perform: (wire: WireRequest, hooks: WireHooks) => Promise<WireEnd>;
  /** Told of an answer that is no 2xx, before the request fails with what it means. */
  readonly onRefused?: (head: ResponseHead) => void;
}

/** Does the exchange in this thread, and counts for the source what comes. */
export function performHere(
  means: WireMeans,
  { from, signal }: Pick<BodyRequest, 'from' | 'signal'>,
  target: WireTarget,
): BodyRequest['perform'] {
  const counted: WireTarget = {
    onHead: (head) => target.onHead(head),
    ...(target.room === undefined ? {} : { room: () => target.room?.() }),
    onData: (chunk) => {
      from.state.received(chunk.length);
      return target.onData(chunk);
    },
  };
  return (wire, hooks) => perform(means, wire, counted, hooks, signal);
}

/**
 * One GET of a file's bytes from one source, over the remembered way where there is one. Resolves when the body is over or was enough.
 * @throws SluiceError what the transport, the source's `failure` or the request's own handlers throw
 */
export async function fetchBody(environment: RequestEnvironment, request: BodyRequest): Promise<void> {
  const { from, signal } = request;
  const way = await from.route.next(signal);
  if (way.lead?.reason !== undefined)
    environment.emit({
      type: 'source.refreshed',
      source: from.source.id,
      file: request.file,
      reason: way.lead.reason,
    });
  try {
    await environment.gate?.wait(gateKey(way.url), signal);
    await exchange(environment, request, way);
  } finally {
    way.lead?.gaveUp();
  }
}

async function exchange({ gate, warm }: RequestEnvironment, request: BodyRequest, way: Way): Promise<void> {
  const { from, range } = request;
  const isHome = new URL(way.url).origin === new URL(from.source.url).origin;
  const wire: WireRequest = {
    url: way.url,
    ...(isHome ? {} : { givenBy: from.source.url }),
    ...(from.source.headers ? { headers: from.source.headers } : {}),
    ...(from.source.credentials && isHome ? { credentials: from.source.credentials } : {}),
    ...(range ? { range, isAlone: from.state.cuts.isAlone } : {}),
  };
  const end = await request.perform(wire, {
    onRedirect: (target, head) => {
      gate?.note(gateKey(head.url), head);
      if (way.lead !== undefined) warm?.(target, request.sizeBytes);
      way.lead?.movedTo(target);
      from.source.redirected?.(target);
    },
    onHead: (head) => {
      gate?.note(gateKey(head.url), head);
      if (head.status >= 200 && head.status <= 299) way.lead?.arrived(head.url);
    },
  });
  if (end === undefined) return;
  request.onRefused?.(end.head);
  throw refused(request, way, end.head, end.refusal);
}

function refused(request: BodyRequest, way: Way, head: ResponseHead, body: string): SluiceError {
  const { from, sizeBytes, file: path } = request;
  const toldBytes = head.status === 416 ? parseUnsatisfied(head.headers['content-range']) : undefined;
  if (toldBytes !== undefined && sizeBytes !== undefined && toldBytes !== sizeBytes)
    return sizeMismatch({ path, source: from.source.id, sizeBytes }, toldBytes);
  const failure = from.source.failure(head, body);
  // What a remembered address refuses, the source may still have under a new one.
  const isLost = head.status >= 400 && head.status < 500 && ![408, 416, 429].includes(head.status);
  if (!isLost) return failure;
  const isElsewhere = hostOf(head.url) !== hostOf(from.source.url);
  from.route.refused(head.url, `${hostOf(head.url)} answered ${head.status}`);
  if (!way.isRemembered || failure.code === 'EXPIRED' || !isElsewhere) return failure;
  return new SluiceError('EXPIRED', { host: hostOf(head.url), status: head.status }, { cause: failure });
}
