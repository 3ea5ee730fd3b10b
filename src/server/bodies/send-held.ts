import { open } from 'node:fs/promises';
import { Socket } from 'node:net';
import { SluiceError } from '../../base/index.js';
import type { Guard, Span } from '../../hubs/index.js';
import type { Headers } from '../../net/index.js';
import { isIntact, type KnownPiece } from '../../proof/index.js';
import type { Carriers } from './carriers.js';
import { cut, type Asking, type Outlet, type Sent } from './outlet.js';
import { pumpChecked, type Judge } from './pump-checked.js';
import { wireHead } from './wire-head.js';

/** Shorter bodies are sent sooner than handed over. */
const LEAST_CARRIED_BYTES = 1024 * 1024;
/** Shorter ones go out with their head. */
const MOST_AT_ONCE_BYTES = 64 * 1024;

/** A file, and who knows what of it is to be looked at. */
interface Held {
  readonly path: string;
  readonly guard: Guard | undefined;
}

/** A file that is here. Undefined when it is not there any more, and nothing was sent. */
export async function sendHeld(
  outlet: Outlet,
  status: number,
  headers: Headers,
  { path, guard }: Held,
  span: Span,
  { signal }: Asking,
): Promise<Sent | undefined> {
  const { response, onHead } = outlet;
  const length = span.endByte - span.startByte;
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  let leave: (() => void) | undefined;
  const said: Promise<void>[] = [];
  const judge: Judge = (piece, isRight) => {
    const told = Promise.resolve(guard?.judged(piece, isRight));
    // A stamp that cannot be written leaves the piece due, so it is found again.
    if (!isRight) said.push(told.catch(() => undefined));
  };
  try {
    const due = (await guard?.due(span)) ?? [];
    if (length <= MOST_AT_ONCE_BYTES) {
      await checkAll(file.fd, due, judge);
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, span.startByte);
      if (bytesRead < length) throw new SluiceError('FILE_SYSTEM', { path, reason: 'it ended early' });
      onHead();
      response.writeHead(status, headers).end(buffer);
      return { status, bytes: length };
    }
    onHead();
    const socket = response.socket?.constructor === Socket ? response.socket : undefined;
    const carriers = length >= LEAST_CARRIED_BYTES && socket !== undefined ? outlet.carriers : undefined;
    leave = carriers?.stay();
    if (carriers !== undefined && leave === undefined && socket !== undefined)
      return await handOver(outlet, carriers, socket, { status, headers, path, span, due }, judge);
    response.writeHead(status, headers).flushHeaders();
    const bytes = await pumpChecked(file.fd, span, due, judge, response, signal);
    response.end();
    return { status, bytes };
  } catch (thrown) {
    return cut(response, status, 0, thrown, signal);
  } finally {
    leave?.();
    await file.close();
    // Whoever asks next is not to be given the same again.
    await Promise.all(said);
  }
}

/** Bodies of a few bytes go out at once, so all that is due is compared before. @throws SluiceError CORRUPT_STORE */
async function checkAll(fd: number, due: readonly KnownPiece[], judge: Judge): Promise<void> {
  for (const piece of due) {
    const isRight = await isIntact(fd, piece);
    judge(piece, isRight);
    if (!isRight) throw new SluiceError('CORRUPT_STORE', { count: 1, total: 1 });
  }
}

interface Handing {
  readonly status: number;
  readonly headers: Headers;
  readonly path: string;
  readonly span: Span;
  readonly due: readonly KnownPiece[];
}

async function handOver(
  { response, keepAlive, returned }: Outlet,
  carriers: Carriers,
  socket: Socket,
  { status, headers, path, span, due }: Handing,
  judge: Judge,
): Promise<Sent> {
  const head = wireHead(status, { ...response.getHeaders(), ...headers } as Headers, keepAlive);
  // As long as it would be waited for here.
  const task = { head, path, ...span, due, keepAlive, stalledMs: socket.timeout ?? 0 };
  const { bytes, rightPieces, isWrong, reason, socket: back } = await carriers.carry({ ...task, socket });
  due.slice(0, rightPieces).forEach((piece) => judge(piece, true));
  const wrong = isWrong ? due[rightPieces] : undefined;
  if (wrong !== undefined) judge(wrong, false);
  returned(socket, back);
  return { status, bytes, ...(reason === undefined ? {} : { cut: reason }) };
}
