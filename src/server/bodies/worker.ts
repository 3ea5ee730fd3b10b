// A process that sends files on connections which the server hands to it (see `carriers.ts`).
import { closeSync, open } from 'node:fs';
import type { Socket } from 'node:net';
import { SluiceError, toSluiceError } from '../../base/index.js';
import type { CarrierReport, CarrierTask } from './carrier-messages.js';
import { pumpChecked } from './pump-checked.js';

/** What Node has below a socket. It begins to read as soon as the socket is there, and what it read would be lost when the socket goes back. */
interface WithHandle {
  readonly _handle?: { readStop?: () => void } | null;
}

// Signals of a terminal go to all of its processes; when to end is the server's to say.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (task: CarrierTask, socket: Socket | undefined) => {
  if (socket === undefined)
    report({ id: task.id, bytes: 0, rightPieces: 0, isWrong: false, reason: 'the client went away' });
  else void carry(task, socket);
});

async function carry(task: CarrierTask, socket: Socket): Promise<void> {
  (socket as WithHandle)._handle?.readStop?.();
  const gone = new AbortController();
  socket.on('error', () => gone.abort()).on('close', () => gone.abort());
  socket.setTimeout(task.stalledMs, () => socket.destroy());
  const { id, head, path, startByte, endByte, due } = task;
  let fd: number | undefined;
  let sentBytes = 0;
  let rightPieces = 0;
  let isWrong = false;
  const judge = (_: unknown, isRight: boolean): void => {
    if (isRight) rightPieces += 1;
    else isWrong = true;
  };
  const how = () => ({ id, bytes: sentBytes, rightPieces, isWrong });
  try {
    fd = await opened(path);
    socket.write(head);
    const sink = {
      write: (bytes: Buffer, done: (error?: Error | null) => void): void => {
        socket.write(bytes, (error) => {
          if (error === null || error === undefined) sentBytes += bytes.length;
          done(error);
        });
      },
    };
    await pumpChecked(fd, { startByte, endByte }, due, judge, sink, gone.signal);
    socket.setTimeout(0);
    socket.removeAllListeners();
    if (task.keepAlive) report(how(), socket);
    else socket.end(() => report(how()));
  } catch (thrown) {
    if (!socket.destroyed) socket.resetAndDestroy();
    const { code } = thrown instanceof SluiceError && gone.signal.aborted ? { code: 'RESET' } : toSluiceError(thrown);
    report({ ...how(), reason: code });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function opened(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, 'r', (error, fd) => {
      if (error === null) resolve(fd);
      else reject(error);
    });
  });
}

function report(message: CarrierReport, socket?: Socket): void {
  if (process.connected) process.send?.(message, socket);
}
