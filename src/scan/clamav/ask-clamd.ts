import { connect, type Socket } from 'node:net';

/** A Unix socket by its path, or a host and port. */
export type ClamdAddress = { readonly path: string } | { readonly host: string; readonly port: number };

const MOST_ANSWER_BYTES = 64 * 1024;

/**
 * One command of clamd's protocol (`zCOMMAND\0`), what follows it, and the answer up to its NUL. clamd may answer before all was sent; what is left is not sent then.
 * @throws Error when it cannot be reached, says nothing within `idleMs`, or says too much; the signal's reason.
 */
export async function askClamd(
  address: ClamdAddress,
  command: string,
  {
    idleMs,
    signal,
    body = [],
  }: { idleMs: number; signal?: AbortSignal; body?: AsyncIterable<Buffer> | Iterable<Buffer> },
): Promise<string> {
  signal?.throwIfAborted();
  const socket = connect(address);
  const end = (): void => void socket.destroy(signal?.reason as Error);
  signal?.addEventListener('abort', end);
  socket.setTimeout(idleMs, () => socket.destroy(new Error(`clamd said nothing for ${idleMs} ms`)));
  try {
    const answer = answerOf(socket);
    // Sending fails where clamd has answered and gone; its answer counts.
    const sent = send(socket, command, body).catch((reason: unknown) => reason);
    const text = await answer.catch(async (reason: unknown) => {
      socket.destroy();
      const because = await sent;
      throw because instanceof BodyFailure ? because.cause : reason;
    });
    return text;
  } finally {
    signal?.removeEventListener('abort', end);
    socket.destroy();
  }
}

/** The bytes to be sent could not be had: not clamd's fault. */
class BodyFailure extends Error {}

async function send(socket: Socket, command: string, body: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
  await write(socket, Buffer.from(`z${command}\0`));
  try {
    for await (const block of body) {
      if (socket.destroyed) return;
      await write(socket, block);
    }
  } catch (cause) {
    if (socket.destroyed) return;
    const failure = new BodyFailure('no bytes to send', { cause });
    socket.destroy(failure);
    throw failure;
  }
}

function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    if (socket.destroyed || socket.write(bytes)) resolve();
    else socket.once('drain', done).once('close', done);
  });
}

function answerOf(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    socket.on('data', (data: Buffer) => {
      answer = Buffer.concat([answer, data]);
      const end = answer.indexOf(0);
      if (end >= 0) resolve(answer.toString('utf8', 0, end));
      else if (answer.length > MOST_ANSWER_BYTES) socket.destroy(new Error('clamd said too much'));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('clamd went without an answer')));
  });
}
