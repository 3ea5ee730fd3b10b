import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.js';
import type { Connection } from './connection.js';
import { cutConnection } from './listener.js';
import type { Reply } from './reply.js';
import { TokenBucket, type Gate } from './token-bucket.js';

const WRITE_BYTES = 256 * 1024;
/** Shaped answers go out in pieces of this many milliseconds' worth. */
const SLICE_MS = 10;

/** Something that happens once `afterBytes` of the body are out. */
interface Stop {
  readonly afterBytes: number;
  readonly how: 'stall' | 'reset' | 'end-early';
  readonly forMs?: number;
}

export interface Delivery {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly reply: Reply;
  readonly faults: readonly Fault[];
  readonly connection: Connection;
  /** Called when the body begins; what it returns, when nothing more of it will be sent. */
  readonly onBody: () => () => void;
  /** Where the line itself breaks. */
  readonly breakAfterBytes: number | undefined;
  readonly onBytes: (bytes: number) => void;
}

/** Puts an answer on the wire as the faults and the line will have it. Resolves when nothing more will be sent. */
export async function send(delivery: Delivery): Promise<void> {
  const { response, faults } = delivery;
  await pause(
    delivery.connection.headDelayMs() + faults.reduce((sum, fault) => sum + (fault.type === 'delay' ? fault.ms : 0), 0),
  );
  const stops = collectStops(delivery);
  for (const stop of stops.filter(({ afterBytes }) => afterBytes < 0)) {
    if (!(await comeToStop(delivery, stop))) return;
  }
  await delivery.connection.untilItSpeaks();
  if (isGone(response)) return;
  sendHead(delivery);
  const isBodiless = delivery.request.method === 'HEAD' || [204, 304].includes(delivery.reply.status);
  if (!isBodiless && !(await sendBodyCounted(delivery, stops))) return;
  if (isGone(response)) return;
  if (!isBodiless && cannotEnd(delivery)) response.socket?.end();
  else response.end();
}

function collectStops({ faults, breakAfterBytes, reply }: Delivery): Stop[] {
  const stops: Stop[] = breakAfterBytes === undefined ? [] : [{ afterBytes: breakAfterBytes, how: 'reset' }];
  for (const fault of faults) {
    if (fault.type === 'reset' || fault.type === 'end-early')
      stops.push({ afterBytes: fault.afterBytes, how: fault.type });
    if (fault.type === 'withhold' && fault.atByte >= reply.start && fault.atByte < reply.end)
      stops.push({ afterBytes: fault.atByte - reply.start, how: 'stall' });
    if (fault.type !== 'stall') continue;
    stops.push({
      afterBytes: fault.afterBytes,
      how: 'stall',
      ...(fault.forMs === undefined ? {} : { forMs: fault.forMs }),
    });
  }
  return stops.sort((a, b) => a.afterBytes - b.afterBytes);
}

function sendHead({ response, reply }: Delivery): void {
  const headers: Record<string, string> = { ...reply.headers };
  const length = reply.end - reply.start;
  if (reply.framing === 'length') headers['content-length'] ??= String(length);
  response.strictContentLength = false;
  if (reply.framing === 'chunked') {
    headers['transfer-encoding'] = 'chunked';
  } else if (reply.framing === 'close') {
    response.useChunkedEncodingByDefault = false;
    headers.connection = 'close';
  }
  response.writeHead(reply.status, headers);
  response.flushHeaders();
}

async function sendBodyCounted(delivery: Delivery, stops: readonly Stop[]): Promise<boolean> {
  const over = delivery.onBody();
  try {
    return await sendBody(delivery, stops);
  } finally {
    over();
  }
}

/** False when the connection is gone or will never say more. */
async function sendBody(delivery: Delivery, stops: readonly Stop[]): Promise<boolean> {
  const { reply, response } = delivery;
  const slow = slowedBy(delivery.faults);
  const isOver = (): boolean => response.destroyed;
  const waiting = stops.filter(({ afterBytes }) => afterBytes >= 0);
  for (let at = reply.start; ;) {
    while (waiting[0] !== undefined && at - reply.start >= waiting[0].afterBytes) {
      const stop = waiting.shift();
      if (stop !== undefined && !(await comeToStop(delivery, stop))) return false;
    }
    if (at >= reply.end) return true;
    const until = waiting[0] === undefined ? reply.end : Math.min(reply.end, reply.start + waiting[0].afterBytes);
    // Asked anew for each slice: the network may have changed.
    const gates = [...slow, ...delivery.connection.gates];
    const sliceBytes = gates.reduce((least, gate) => Math.min(least, gate.bytesIn(SLICE_MS)), WRITE_BYTES);
    const count = Math.min(sliceBytes, until - at);
    for (const gate of gates) await gate.take(count, isOver);
    if (isOver()) return false;
    delivery.onBytes(count);
    if (!response.write(reply.content.read(at, count)) && !(await drained(response))) return false;
    at += count;
  }
}

function slowedBy(faults: readonly Fault[]): readonly Gate[] {
  return faults.flatMap((fault) => (fault.type === 'slow' ? [new TokenBucket(fault.bytesPerSecond)] : []));
}

/** True when sending may go on afterwards. */
async function comeToStop({ response }: Delivery, stop: Stop): Promise<boolean> {
  if (stop.how === 'stall') {
    if (stop.forMs === undefined) return false;
    await pause(stop.forMs);
    return !response.destroyed;
  }
  const { socket } = response;
  if (stop.how === 'reset') cutConnection(socket);
  else socket?.end();
  return false;
}

/** A body whose promised length was not kept, or that has no length, ends with its connection. */
function cannotEnd({ reply }: Delivery): boolean {
  if (reply.framing === 'close') return true;
  const promised = reply.headers['content-length'];
  return reply.framing === 'length' && promised !== undefined && Number(promised) !== reply.end - reply.start;
}

/** Asked anew each time: connections go while we wait. */
function isGone(response: ServerResponse): boolean {
  return response.destroyed;
}

async function drained(response: ServerResponse): Promise<boolean> {
  if (response.destroyed) return false;
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve(!response.destroyed);
    };
    response.once('drain', done).once('close', done);
  });
}

async function pause(ms: number): Promise<void> {
  if (ms > 0) await sleep(ms);
}
