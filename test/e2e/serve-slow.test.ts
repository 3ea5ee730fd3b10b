import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { seededContent } from '../../src/sim/index.js';
import { newMachine } from './harness.js';
import { hub } from './hub.js';
import { startServing, type Serving } from './serving.js';

const PATIENT = { timeout: 120_000 };
const MIB = 2 ** 20;
const WEIGHT = seededContent({ seed: 'slow', sizeBytes: 48 * MIB });
const PATH = '/acme/slow/resolve/main/model.bin';
const SMALL = '/acme/slow/resolve/main/config.json';
const READERS = 40;
/** Another client than everybody else here. */
const ELSEWHERE = '127.0.0.2';
const IMPATIENT = { SLUICE_SERVE_HEAD_TIMEOUT: '3s', SLUICE_SERVE_BODY_TIMEOUT: '1s' };
const PATIENT_SERVER = { SLUICE_SERVE_HEAD_TIMEOUT: '10m' };

const sockets: Socket[] = [];
afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));

async function start(env: Readonly<Record<string, string>> = {}): Promise<Serving> {
  const sim = await hub({ repositories: [{ id: 'acme/slow', files: { 'model.bin': WEIGHT, 'config.json': '{}' } }] });
  return startServing(await newMachine({ HF_ENDPOINT: sim.url, ...env }));
}

/** A connection, and all that comes on it until it ends. */
function open({ url }: Serving, localAddress = '127.0.0.1'): { socket: Socket; heard: Promise<string> } {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), localAddress });
  sockets.push(socket);
  let text = '';
  const heard = new Promise<string>((resolve) => {
    socket.on('error', () => undefined).on('close', () => resolve(text));
  });
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  return { socket, heard };
}

/** Sends a byte now and then, for as long as it may. */
function dribble(serving: Serving, head: string): Promise<string> {
  const { socket, heard } = open(serving);
  socket.write(head);
  const drops = setInterval(() => socket.write('x'), 100);
  return heard.finally(() => clearInterval(drops));
}

/** The status of a whole answer on a connection of its own. */
async function statusOf(serving: Serving, path: string, from = '127.0.0.1'): Promise<number> {
  const { socket, heard } = open(serving, from);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(await heard)?.[1] ?? 0);
}

/** One number of the metrics, as another client is told it. */
async function metric(serving: Serving, name: string): Promise<number> {
  const { socket, heard } = open(serving, ELSEWHERE);
  socket.write('GET /-/metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await heard)?.[1]);
}

describe('a server whose clients take their time', () => {
  it('sends away whoever drips a head or a body, and answers others meanwhile', PATIENT, async () => {
    const serving = await start(IMPATIENT);
    const body = 'POST /api/models/acme/slow/paths-info/main HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n';
    const slow = Array.from({ length: 100 }, (_, index) =>
      dribble(serving, index % 2 === 0 ? 'GET /x HTTP/1.1\r\nHost: a\r\nX-Slow: ' : body),
    );
    expect(await statusOf(serving, SMALL)).toBe(200);
    for (const heard of await Promise.all(slow)) expect(heard).toContain('408 Request Timeout');
    await expect.poll(() => metric(serving, 'sluice_requests_under_way'), { timeout: 60_000 }).toBeLessThanOrEqual(1);
    expect(await statusOf(serving, SMALL)).toBe(200);
  });

  it.each(['cold', 'warm'])(
    'holds next to nothing of a %s file for those who read none of it, and lets them go',
    PATIENT,
    async (state) => {
      // prettier-ignore
      const serving = await start({ SLUICE_SERVE_READER_TIMEOUT: '6s' });
      if (state === 'warm') expect(await statusOf(serving, PATH)).toBe(200);
      const before = await metric(serving, 'process_resident_memory_bytes');
      let most = 0;
      const underWay = async (): Promise<number> => {
        most = Math.max(most, await metric(serving, 'process_resident_memory_bytes'));
        return metric(serving, 'sluice_requests_under_way');
      };
      const lazy = Array.from({ length: READERS }, () => open(serving).socket);
      for (const socket of lazy) socket.pause().write(`GET ${PATH} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await expect.poll(underWay, { timeout: 60_000 }).toBeGreaterThanOrEqual(READERS);
      await expect.poll(underWay, { timeout: 60_000 }).toBeLessThanOrEqual(1);
      // They asked for 1.9 GiB. Two blocks for each are 40 MiB, and what comes in has buffers of its own.
      expect(most - before).toBeLessThan(400 * MIB);
      for (const socket of lazy) socket.destroy();
      expect(await statusOf(serving, PATH)).toBe(200);
    },
  );

  it('lets one client hold no more connections than it may, and others in meanwhile', PATIENT, async () => {
    const serving = await start({ ...PATIENT_SERVER, SLUICE_SERVE_CLIENT_CONNECTIONS: '200' });
    const idle = Array.from({ length: 1500 }, () => open(serving));
    await expect.poll(() => metric(serving, 'sluice_connections'), { timeout: 60_000 }).toBeGreaterThanOrEqual(1500);
    expect(await statusOf(serving, SMALL)).toBe(429);
    expect(await statusOf(serving, SMALL, ELSEWHERE)).toBe(200);
    for (const { socket } of idle) socket.destroy();
    await expect.poll(() => statusOf(serving, SMALL), { timeout: 60_000 }).toBe(200);
  });

  it('closes connections on which nothing is asked', PATIENT, async () => {
    const serving = await start({ ...IMPATIENT, SLUICE_SERVE_CLIENT_CONNECTIONS: '200' });
    const idle = Array.from({ length: 300 }, () => open(serving));
    await Promise.all(idle.map(({ heard }) => heard));
    await expect.poll(() => statusOf(serving, SMALL), { timeout: 60_000 }).toBe(200);
  });

  it('takes no more connections than it may, and closes those beyond at once', PATIENT, async () => {
    const serving = await start({ ...PATIENT_SERVER, SLUICE_SERVE_CONNECTIONS: '100' });
    const idle = Array.from({ length: 300 }, () => open(serving));
    let closed = 0;
    for (const { heard } of idle) void heard.then(() => (closed += 1));
    // One and a quarter times as many are open; who asks on one of them is told that there are too many.
    await expect.poll(() => closed, { timeout: 60_000 }).toBeGreaterThanOrEqual(175);
    expect(await Promise.all([1, 2, 3].map(() => statusOf(serving, '/-/healthz', ELSEWHERE)))).toEqual([0, 0, 0]);
    const left = idle.filter(({ socket }) => !socket.destroyed);
    expect(left.length).toBe(125);
    const [one] = left;
    one?.socket.write('GET /-/healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(await one?.heard).toContain('503');
    for (const { socket } of left) socket.destroy();
    await expect.poll(() => statusOf(serving, '/-/healthz'), { timeout: 60_000 }).toBe(200);
  });
});
