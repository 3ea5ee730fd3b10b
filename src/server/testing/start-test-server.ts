import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { SluiceEvent } from '../../base/index.js';
import type { Face } from '../../hubs/index.js';
import { Gatekeeper, type Keys } from '../access/gatekeeper.js';
import { Gate } from '../gate.js';
import { ServerMetrics } from '../metrics/server-metrics.js';
import type { ServerPolicy } from '../policy.js';
import { Readiness } from '../readiness.js';
import { startServer, type Patience, type Server } from '../server.js';

export const LOOSE: ServerPolicy = {
  publicUrl: undefined,
  trustedProxies: [],
  connections: 100,
  clientConnections: 100,
  requests: 100,
  clientRequests: 100,
  clientRate: undefined,
};

const PATIENT: Patience = { headersMs: 20_000, bodyMs: 30_000, checkMs: 2000, stalledMs: 180_000 };

export interface TestServer {
  readonly server: Server;
  readonly gate: Gate;
  readonly gatekeeper: Gatekeeper;
  readonly events: readonly SluiceEvent[];
  readonly port: number;
}

export interface TestServerOptions {
  readonly faces?: readonly Face[];
  readonly policy?: Partial<ServerPolicy>;
  readonly keys?: Partial<Keys>;
  readonly home?: string;
  readonly patience?: Partial<Patience>;
}

const ending: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(ending.splice(0).map((end) => end()));
});

/** A server on a free port with an empty store, closed when the test ends. Anybody may read unless told. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { faces = [], policy, keys, home, patience = {} } = options;
  const folder = home ?? (await mkdtemp(join(tmpdir(), 'sluice-server-')));
  const gatekeeper = new Gatekeeper({ tokens: [], users: new Map(), anonymous: true, ...keys });
  const gate = new Gate({ ...LOOSE, ...policy }, gatekeeper);
  const readiness = new Readiness(folder, () => gate.isDraining);
  const metrics = new ServerMetrics({
    connections: () => gate.connections.size,
    requests: () => gate.requests.size,
    disk: () => readiness.disk(),
    isReady: () => readiness.wasReady,
  });
  const events: SluiceEvent[] = [];
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    tls: undefined,
    patience: { ...PATIENT, ...patience },
    faces,
    gate,
    metrics,
    readiness,
    carriers: undefined,
    emit: (event) => events.push(event),
    onError: () => undefined,
  });
  ending.push(async () => {
    await server.close(0);
    metrics.close();
    if (home === undefined) await rm(folder, { recursive: true, force: true });
  });
  return { server, gate, gatekeeper, events, port: Number(new URL(server.url).port) };
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** One request, whatever it looks like. */
export function ask(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() }),
      );
    });
    asked.on('error', reject).end(body);
  });
}

/** What a server says to bytes that no client library would send, until it closes. */
export function askRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(text)).on('error', () => undefined);
  });
}

/** A face that answers everything below `/x` with who asks, and what it was told of it. */
export const echoFace: Face = {
  name: 'echo',
  routes: [],
  isOpen: (path) => path === '/x/open',
  answer: (asked) => {
    if (!asked.path.startsWith('/x')) return undefined;
    const { path, publicUrl, caller } = asked;
    return (async () => {
      const text = asked.method === 'POST' ? (await asked.body(1000)).toString() : '';
      const body = JSON.stringify({ path, publicUrl, token: caller.token ?? null, text });
      return { status: 200, headers: { 'content-type': 'application/json' }, body };
    })();
  },
};
