import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHuggingFaceFace } from '../../hubs/index.js';
import { createMirror, type Mirror } from '../../mirror/index.js';
import { openStore } from '../../store/index.js';
import { Gatekeeper } from '../access/gatekeeper.js';
import { Gate } from '../gate.js';
import { ServerMetrics } from '../metrics/server-metrics.js';
import { Readiness } from '../readiness.js';
import { patienceOf, policyOf, type ServeSettings } from '../serve-settings.js';
import { startServer } from '../server.js';
import { openStage } from './stage.js';

/** What takes longer goes on without anybody waiting for it. */
const PATIENCE_MS = 1500;

/**
 * Gives one file of a hub on this machine to a client on this machine, by a mirror of its own with a store of its own, all of which is gone afterwards: code that runs for the first
 * time takes thirty milliseconds, and the first client would wait for them. `mirror`: the one that is to answer; `folder`: where the store is while it lasts. Never rejects: a server that cannot rehearse is only slower once.
 * @returns whether the file came both times: when it was not there, and when it was
 */
export async function rehearse(
  settings: ServeSettings,
  mirror: Pick<Mirror, 'warm'>,
  folder = tmpdir(),
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS, false)));
  const played = play(settings, mirror, folder).catch(() => false);
  return Promise.race([played, late]).finally(() => clearTimeout(timer));
}

async function play(settings: ServeSettings, its: Pick<Mirror, 'warm'>, folder: string): Promise<boolean> {
  const home = await mkdtemp(join(folder, 'sluice-rehearsal-'));
  // What a mirror notes of uses may be written a moment after its end.
  const ends: (() => unknown)[] = [() => rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 5 })];
  try {
    const stage = await openStage();
    ends.unshift(() => stage.close());
    // Threads run code of their own for the first time, too.
    its.warm(stage.url);
    const mirror = createMirror({
      store: await openStore(home),
      settings: onStage(settings, home, stage.url),
      emit: () => undefined,
      registryEndpoints: {},
      minFreeBytes: 0,
      threads: 1,
    });
    ends.unshift(() => mirror.close());
    const gate = new Gate(policyOf(settings), new Gatekeeper({ tokens: [], users: new Map(), anonymous: true }));
    const readiness = new Readiness(home, () => gate.isDraining);
    const metrics = new ServerMetrics({
      connections: () => gate.connections.size,
      requests: () => gate.requests.size,
      disk: () => readiness.disk(),
      isReady: () => readiness.wasReady,
    });
    ends.unshift(() => metrics.close());
    const server = await startServer({
      ...{ host: '127.0.0.1', port: 0, tls: undefined, carriers: undefined, patience: patienceOf(settings) },
      faces: [createHuggingFaceFace(mirror, { upstreams: () => [stage.url] })],
      ...{ gate, metrics, readiness },
      emit: () => undefined,
      onError: () => undefined,
    });
    ends.unshift(() => server.close(0));
    const ask = async (): Promise<boolean> => (await bytesOf(server.url + stage.filePath)) === stage.sizeBytes;
    return (await ask()) && (await ask());
  } finally {
    for (const end of ends) await end();
  }
}

/** Nobody but the stage is asked, and nothing that is meant for others is told it. */
function onStage(settings: ServeSettings, home: string, url: string): ServeSettings {
  return {
    ...settings,
    ...{ home, hfEndpoints: [url], hfToken: undefined, hfTokenEndpoints: [], msEndpoints: [], msToken: undefined },
    ...{ alsoHubs: 'off', hubMap: [], offline: false, limit: undefined },
    // The stage speaks HTTP: the proxy for HTTPS is never asked.
    ...{ httpProxy: undefined, serveUpstreams: [] },
  };
}

function bytesOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false }, (answer) => {
      let bytes = 0;
      answer
        .on('data', (chunk: Buffer) => (bytes += chunk.length))
        .once('end', () => resolve(bytes))
        .once('error', reject);
    });
    asked.once('error', reject).end();
  });
}
