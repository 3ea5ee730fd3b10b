import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { redact, toSluiceError, type EventSink } from '../base/index.js';
import type { Headers } from '../net/index.js';
import type { Carriers } from './bodies/carriers.js';
import type { Outlet, Sent } from './bodies/outlet.js';
import { sendReply } from './bodies/send-reply.js';
import { chooseReply, type Choosing, type Chosen } from './choose-reply.js';
import { limitKey, plainAddress } from './request/peers.js';
import { joinHeaders } from './request/read-request.js';
import { requestId } from './request/request-id.js';

export interface Answering extends Choosing {
  readonly carriers: Carriers | undefined;
  readonly isTls: boolean;
  readonly emit: EventSink;
  /** Told when a connection that was given to a carrier is free: back again, or undefined where it ended. */
  readonly returned: (given: Socket, back: Socket | undefined) => void;
}

/** A request under way. */
interface Exchange {
  readonly id: string;
  readonly client: string;
  readonly headers: Headers;
  readonly message: IncomingMessage;
  readonly beganMs: number;
  firstMs?: number;
}

/** Requests under way on a connection: one that has several (a client sends ahead) cannot be handed over. */
const underWay = new WeakMap<Socket, number>();

/** One request, from its head to its line in the log. Never rejects. */
export async function answer(its: Answering, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { socket } = message;
  const headers = joinHeaders(message);
  const peer = plainAddress(socket.remoteAddress ?? '') ?? 'unknown';
  const client = its.gate.clientOf(peer, headers);
  const exchange: Exchange = { id: requestId(headers), client, headers, message, beganMs: performance.now() };
  const leave = its.gate.requests.enter(limitKey(client));
  underWay.set(socket, (underWay.get(socket) ?? 0) + 1);
  const gone = new AbortController();
  response.once('close', () => {
    // Nobody waits for that of an answer that is out, and making the reason costs more than all that is counted of it.
    if (!response.writableFinished) gone.abort();
  });
  const { signal } = gone;
  const isRefused = its.gate.connectionRefusal(peer) !== undefined;
  const chosen = await chooseReply(its, message, { headers, peer, isTls: its.isTls, signal });
  const keepAlive = response.shouldKeepAlive && message.complete && !its.gate.isDraining && !isRefused;
  response.setHeader('x-request-id', exchange.id);
  if (!keepAlive) response.setHeader('connection', 'close');
  const outlet = outletOf(its, exchange, response, keepAlive);
  const sent = await sendReply({ method: message.method ?? '', headers, signal }, outlet, chosen.reply).catch(
    (thrown: unknown): Sent => unsendable(its, response, thrown, message.url ?? ''),
  );
  underWay.set(socket, (underWay.get(socket) ?? 1) - 1);
  leave();
  record(its, exchange, chosen, sent);
}

function outletOf(its: Answering, exchange: Exchange, response: ServerResponse, keepAlive: boolean): Outlet {
  const { method, complete, httpVersion, socket } = exchange.message;
  const mayHandOver = method === 'GET' && complete && httpVersion === '1.1' && underWay.get(socket) === 1;
  return {
    response,
    keepAlive,
    carriers: mayHandOver ? its.carriers : undefined,
    returned: its.returned,
    beganMs: exchange.beganMs,
    onHead: () => (exchange.firstMs ??= performance.now() - exchange.beganMs),
  };
}

/** A fault of ours: a reply that cannot stand on the wire. */
function unsendable(its: Answering, response: ServerResponse, thrown: unknown, path: string): Sent {
  const error = toSluiceError(thrown);
  its.onError(error, redact(path));
  if (response.headersSent) response.socket?.resetAndDestroy();
  else response.writeHead(500).end();
  return { status: 500, bytes: 0, cut: error.code };
}

function record(
  its: Answering,
  exchange: Exchange,
  { face, reply, who }: Chosen,
  { status, bytes, cut, cache }: Sent,
): void {
  const { id, client, headers, message } = exchange;
  const totalMs = performance.now() - exchange.beganMs;
  const firstMs = exchange.firstMs ?? totalMs;
  const cacheStatus = cache ?? reply.headers['x-cache-status'];
  const method = message.method ?? '';
  if (cut !== undefined) its.metrics.cut(cut);
  const isFile = reply.content !== undefined;
  its.metrics.answered({
    face,
    method: METHODS.has(method) ? method : 'other',
    status,
    bytes,
    cacheStatus,
    firstMs,
    totalMs,
    isFile,
  });
  // Probes come every few seconds, and say nothing.
  if (face === 'own' && status === 200) return;
  its.emit({
    type: 'server.request',
    id,
    client,
    who: who ?? null,
    method,
    path: redact((message.url ?? '').slice(0, LONGEST_LOGGED)),
    status,
    bytes,
    ms: Math.round(totalMs),
    firstMs: Math.round(firstMs),
    cache: cacheStatus ?? null,
    face,
    agent: headers['user-agent']?.slice(0, LONGEST_LOGGED) ?? null,
    cut: cut ?? null,
  });
}

const LONGEST_LOGGED = 1024;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'OPTIONS']);
