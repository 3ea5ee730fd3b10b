import net from 'node:net';
import { onTestFinished } from 'vitest';

import type { Script } from './scripted-server.js';

/** A server that answers `GET /n` with the nth of its answers, on whichever connection it is asked. */
export interface RowServer {
  readonly origin: string;
  answers: readonly Script[];
  /** Counts writes and ends. */
  readonly said: number;
  /** Ends every connection that is open; returns 0. */
  end(): number;
}

/** Writes go out one turn of the event loop apart, so that most are read apart. */
export async function rowServer(): Promise<RowServer> {
  const sockets = new Set<net.Socket>();
  let said = 0;
  const row: { answers: readonly Script[] } = { answers: [] };
  const play = async (socket: net.Socket, { writes, then }: Script): Promise<void> => {
    for (const bytes of writes) {
      said += 1;
      socket.write(bytes);
      await new Promise((resolve) => setImmediate(resolve));
    }
    said += 1;
    if (then === 'end') socket.end();
  };
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (data) => {
      const index = /^GET \/(\d+) /.exec(data.toString('latin1'))?.[1];
      const script = row.answers[Number(index)];
      if (script !== undefined) void play(socket, script);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as net.AddressInfo;
  return Object.defineProperty(
    Object.assign(row, {
      origin: `http://127.0.0.1:${port}`,
      end: () => {
        said += 1;
        for (const socket of sockets) socket.end();
        return 0;
      },
      said: 0,
    }),
    'said',
    { get: () => said },
  );
}
