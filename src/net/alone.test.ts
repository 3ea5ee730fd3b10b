import type { Socket } from 'node:net';
import { expect, test } from 'vitest';

import { collect } from './testing/collect.js';
import { httpServer } from './testing/servers.js';
import { onEveryRoad } from './testing/transport-suite.js';

onEveryRoad(({ testTransport }) => {
  test('a request that is to be alone shares its connection with none after it', async () => {
    const used: Socket[] = [];
    const server = await httpServer((request, response) => {
      used.push(request.socket);
      response.writeHead(200, { 'content-length': 3 }).end('abc');
    });
    const transport = testTransport();
    for (let count = 0; count < 4; count += 1) await collect(transport, { url: server.origin, isAlone: true });
    expect(new Set(used).size).toBe(4);
    await collect(transport, { url: server.origin });
    await collect(transport, { url: server.origin });
    expect(new Set(used).size).toBe(5);
  });

  test('many at once, more than a host may have connections, all come to their end', async () => {
    const server = await httpServer((_, response) => void response.writeHead(200, { 'content-length': 3 }).end('abc'));
    const transport = testTransport({ maxConnectionsPerHost: 2 });
    const all = Array.from({ length: 20 }, (_, index) =>
      collect(transport, { url: server.origin, isAlone: index % 3 !== 0 }),
    );
    for (const { body } of await Promise.all(all)) expect(body).toBe('abc');
  });
});
