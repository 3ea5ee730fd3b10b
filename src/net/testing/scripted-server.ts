import net from 'node:net';
import { onTestFinished } from 'vitest';

/** What is said to every request on a connection, in so many writes; then the connection ends, or stays. */
export interface Script {
  readonly writes: readonly Buffer[];
  readonly then: 'end' | 'keep';
}

/** A server that says what it is told at the moment. */
export interface ScriptedServer {
  readonly origin: string;
  script: Script;
  /** Seen so far. */
  readonly connections: number;
  /** Connections that neither side has closed. */
  readonly open: number;
}

/** Writes go out one turn of the event loop apart, so that most are read apart. */
export async function scriptedServer(): Promise<ScriptedServer> {
  const sockets = new Set<net.Socket>();
  let connections = 0;
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    connections += 1;
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', () => void play(socket, scripted.script));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as net.AddressInfo;
  const scripted: ScriptedServer = {
    origin: `http://127.0.0.1:${port}`,
    script: { writes: [], then: 'end' },
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
  };
  return scripted;
}

async function play(socket: net.Socket, { writes, then }: Script): Promise<void> {
  for (const bytes of writes) {
    socket.write(bytes);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (then === 'end') socket.end();
}

/** The same bytes, cut at these places. */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  const edges = [0, ...sorted, bytes.length];
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}
