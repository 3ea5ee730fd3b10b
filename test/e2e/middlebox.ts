import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach } from 'vitest';

const endings: (() => void)[] = [];

afterEach(() => {
  for (const end of endings.splice(0)) end();
});

/** When it cuts a connection: after so long, or once so many bytes came back on it. */
export interface Cut {
  readonly afterMs?: number;
  readonly afterBytes?: number;
  /** Forgets it instead, and tells neither end: what comes afterwards is swallowed. */
  readonly isSilent?: boolean;
}

/**
 * What a firewall does to those that it does not like: it takes connections as a proxy for plain http would, passes everything on to where the first
 * request names, and cuts them. Gives its URL.
 */
export async function startMiddlebox({ afterMs, afterBytes = Infinity, isSilent = false }: Cut): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client.on('error', () => undefined));
    let isForgotten = false;
    const cut = (): unknown => isSilent || client.resetAndDestroy();
    const timer =
      afterMs === undefined
        ? undefined
        : setTimeout(() => {
            isForgotten = true;
            cut();
          }, afterMs);
    let bytes = 0;
    client.on('close', () => clearTimeout(timer));
    client.once('data', (head: Buffer) => {
      const [, host = '', port = ''] = /^GET http:\/\/([^/:]+):(\d+)/.exec(head.toString('latin1')) ?? [];
      const onward = connect(Number(port), host);
      const pass = (request: Buffer) => isForgotten || onward.write(inOriginForm(request));
      pass(head);
      client.on('data', pass);
      onward.on('data', (chunk: Buffer) => {
        if (isForgotten) return;
        bytes += chunk.length;
        // What is cut off has been passed on until there.
        isForgotten = bytes > afterBytes;
        if (isForgotten) client.write(chunk.subarray(0, chunk.length - (bytes - afterBytes)), cut);
        else if (!client.write(chunk)) onward.pause();
      });
      onward.on('end', () => client.end());
      client.on('drain', () => onward.resume());
      sockets.add(onward.on('error', () => client.destroy()));
      client.on('close', () => onward.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function inOriginForm(request: Buffer): Buffer {
  return Buffer.from(request.toString('latin1').replace(/^GET http:\/\/[^/]+/, 'GET '), 'latin1');
}
