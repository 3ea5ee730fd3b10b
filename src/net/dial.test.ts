import type { OnReadOpts, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';

import { Dialler } from './dial.js';
import { TEST_CERTIFICATE } from './testing/certificate.js';
import { httpServer, httpsServer } from './testing/servers.js';
import { writeTemporary } from './testing/temporary.js';
import { Trust } from './trust.js';

async function dialler(): Promise<Dialler> {
  return new Dialler({
    proxyFor: () => undefined,
    trust: new Trust([await writeTemporary('ca.pem', TEST_CERTIFICATE)]),
    connectTimeoutMs: 5000,
    maxConnectionsPerHost: 8,
  });
}

/** What Node keeps of a wish for TCP_NODELAY; there is no other way to ask. */
function isNoDelay(socket: Socket): unknown {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'kSetNoDelay');
  return key === undefined ? 'unknown' : (socket as unknown as Record<symbol, unknown>)[key];
}

const onread: OnReadOpts = { buffer: () => Buffer.alloc(1000), callback: () => true };

test.each([
  ['http', 'undici', undefined],
  ['http', 'the fast road', onread],
  ['https', 'undici', undefined],
  ['https', 'the fast road', onread],
])('%s for %s: small requests do not wait for acknowledgements', async (scheme, _, reading) => {
  const server = await (scheme === 'http' ? httpServer : httpsServer)((__, response) => response.end());
  const target = { protocol: `${scheme}:`, hostname: 'localhost', port: server.port };
  const socket = await (
    await dialler()
  ).dial({ ...target, ...(scheme === 'http' ? { hostname: '127.0.0.1' } : {}) }, reading);
  onTestFinished(() => void socket.destroy());
  const tcp = (socket as unknown as { _parent?: Socket })._parent ?? socket;
  expect(isNoDelay(tcp)).toBe(true);
});
