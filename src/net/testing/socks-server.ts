import net from 'node:net';
import { onTestFinished } from 'vitest';

export interface SocksServer {
  readonly host: string;
  /** What was asked for: the kind of address, its bytes, and the port. */
  readonly asked: readonly { readonly kind: number; readonly address: Buffer; readonly port: number }[];
  readonly accounts: readonly string[];
}

export interface SocksServerOptions {
  /** `user:password`, asked of everybody. */
  readonly account?: string;
  /** The code to refuse a kind of address with. */
  readonly refuse?: (kind: number) => number;
}

/** A SOCKS 5 proxy that understands well-meaning clients; every tunnel leads to `tunnelPort` on loopback. */
export async function socksServer(tunnelPort: number, options: SocksServerOptions = {}): Promise<SocksServer> {
  const asked: SocksServer['asked'][number][] = [];
  const accounts: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((client) => {
    sockets.add(client.on('error', () => undefined));
    let step: 'methods' | 'account' | 'request' = 'methods';
    // Each message of a client that waits for its answers comes in one piece on loopback.
    const onMessage = (message: Buffer): void => {
      if (step === 'methods') {
        const method = options.account === undefined ? 0 : message.subarray(2).includes(2) ? 2 : 0xff;
        step = method === 2 ? 'account' : 'request';
        client.write(Buffer.of(5, method));
      } else if (step === 'account') {
        const user = message.toString('utf8', 2, 2 + (message[1] ?? 0));
        const account = `${user}:${message.toString('utf8', 3 + (message[1] ?? 0))}`;
        accounts.push(account);
        step = 'request';
        client.write(Buffer.of(1, account === options.account ? 0 : 1));
      } else {
        client.off('data', onMessage);
        serve(message);
      }
    };
    const serve = (message: Buffer): void => {
      const kind = message[3] ?? 0;
      asked.push({
        kind,
        address: message.subarray(4, -2),
        port: message.readUInt16BE(message.length - 2),
      });
      const code = options.refuse?.(kind) ?? 0;
      if (code !== 0) {
        client.end(Buffer.of(5, code, 0, 1, 0, 0, 0, 0, 0, 0));
        return;
      }
      const onward = net.connect(tunnelPort, '127.0.0.1', () => {
        client.write(Buffer.of(5, 0, 0, 3, 4, ...Buffer.from('name'), 0, 80));
        onward.pipe(client).pipe(onward);
      });
      sockets.add(onward.on('error', () => client.destroy()));
      client.on('close', () => onward.destroy());
    };
    client.on('data', onMessage);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as net.AddressInfo).port}`, asked, accounts };
}
