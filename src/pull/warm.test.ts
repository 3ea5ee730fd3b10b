import net from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Origin, Source } from '../hubs/index.js';
import { startSim } from '../sim/index.js';
import { pull } from './index.js';
import { contextOf } from './testing/context-of.js';
import { warmHub, warmOrigins, warmSources } from './warm.js';

function recorder() {
  const warmed: string[] = [];
  return { warmed, warm: (url: string, connections: number) => void warmed.push(`${connections} ${url}`) };
}

test('of the hub that is asked first, one connection is dialled', () => {
  const transport = recorder();
  warmHub(transport, [{ endpoint: 'https://a' }, { endpoint: 'https://b' }] as Origin[]);
  warmHub(transport, []);
  expect(transport.warmed).toEqual(['1 https://a']);
});

test('every endpoint is dialled, the preferred one for more', () => {
  const transport = recorder();
  const origins = [{ endpoint: 'https://a' }, { endpoint: 'https://b' }] as Origin[];
  warmOrigins(transport, origins, Infinity);
  expect(transport.warmed.splice(0)).toEqual(['4 https://a', '2 https://b']);
  warmOrigins(transport, origins, 1);
  expect(transport.warmed).toEqual(['1 https://a', '1 https://b']);
});

test('sources are dialled for no more than there are files, or connections', () => {
  const sources = [{ url: 'https://a/f' }, { url: 'https://b/f' }] as Source[];
  const task = { path: 'f', sizeBytes: 1, digests: {}, sources };
  for (const [tasks, connections] of [
    [[], 9],
    [[task], 9],
    [[task, task, task], 9],
    [[task, task, task], 1],
  ] as const) {
    const transport = recorder();
    warmSources(transport, tasks, connections);
    const [a, b] = [Math.min(tasks.length, connections), Math.min(2, tasks.length, connections)];
    expect(transport.warmed).toEqual(tasks.length === 0 ? [] : [`${a} https://a/f`, `${b} https://b/f`]);
  }
});

test('a pull dials ahead while it lists a new commit, and not for one that it knows', async () => {
  const sim = await startSim({ repositories: [{ id: 'o/n', files: { 'config.json': '{}' } }] });
  const home = await mkdtemp(join(tmpdir(), 'sluice-warm-'));
  onTestFinished(async () => {
    await sim.stop();
    await rm(home, { recursive: true, force: true });
  });
  const line = await countingLine(Number(new URL(sim.url).port));
  const context = contextOf(home, { hfEndpoints: [line.url] });
  const request = { ref: 'hf:o/n', include: [], exclude: [], sources: [] };
  await pull(request, context);
  // The one over which the hub was asked, and three more: four for files, which found them open.
  await expect.poll(() => line.connections).toBe(4);
  await pull(request, context);
  await expect.poll(() => line.connections).toBe(5);
});

/** Leads to a port on loopback and counts connections, those over which nothing is asked too. */
async function countingLine(port: number) {
  const counter = { connections: 0, url: '' };
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    counter.connections += 1;
    const onward = net.connect(port, '127.0.0.1');
    for (const each of [socket, onward]) {
      sockets.add(each);
      each.on('error', () => each.destroy());
    }
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  counter.url = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  return counter;
}
