import { availableParallelism } from 'node:os';
import { toSluiceError, type EventSink } from '../base/index.js';
import { parseSite } from '../hubs/index.js';
import { createMirror } from '../mirror/index.js';
import { openStore } from '../store/index.js';
import { Gatekeeper } from './access/gatekeeper.js';
import { Carriers } from './bodies/carriers.js';
import { facesOf } from './faces.js';
import { Gate } from './gate.js';
import { ServerMetrics } from './metrics/server-metrics.js';
import { Readiness } from './readiness.js';
import { rehearse } from './rehearsal/rehearse.js';
import {
  admissionOf,
  filesOf,
  isStillSaid,
  keysOf,
  patienceOf,
  policyOf,
  tlsKeysOf,
  type ServeSettings,
} from './serve-settings.js';
import { startServer } from './server.js';
import { takeOver, type LiveSettings } from './take-over.js';
import { watchFiles } from './watch-files.js';
import { xetKey } from './xet-key.js';

export interface ServeOptions {
  /** Reads the settings again, as they were read for the start. @throws SluiceError */
  readonly reload: () => Promise<ServeSettings>;
  /** Where the settings stand: they are read again when it changes. */
  readonly settingsPath: string;
  /** Has the listener called each time that somebody asks for the settings to be read again (SIGHUP). */
  readonly onHangup: (listener: () => void) => void;
}

export interface ServeContext {
  readonly settings: ServeSettings;
  readonly emit: EventSink;
  readonly signal: AbortSignal;
}

/** Processes that send files, with `auto`. */
const MOST_CARRIERS = 8;

/** Whether a server could start with these settings. @throws SluiceError */
export async function checkServe({ settings }: ServeContext): Promise<void> {
  await tlsKeysOf(settings);
  settings.serveSites.map(parseSite);
  await keysOf(settings, await openStore(settings.home));
  await admissionOf(settings);
  if (settings.serveXetKey !== undefined) await xetKey(settings.home, settings.serveXetKey);
}

/** A mirror for unmodified clients, until the signal fires. @throws SluiceError */
export async function serve(options: ServeOptions, { settings, emit, signal }: ServeContext): Promise<void> {
  const store = await openStore(settings.home);
  const tls = await tlsKeysOf(settings);
  const gatekeeper = new Gatekeeper(await keysOf(settings, store));
  // What is read again takes the place of what was, also for those who keep the object.
  const live: LiveSettings = { ...settings };
  let policy = await admissionOf(settings);
  const gate = new Gate(policyOf(live), gatekeeper);
  const readiness = new Readiness(
    settings.home,
    () => gate.isDraining,
    () => mirror.upstreams,
  );
  const metrics = new ServerMetrics({
    connections: () => gate.connections.size,
    requests: () => gate.requests.size,
    disk: () => readiness.disk(),
    isReady: () => readiness.wasReady,
    upstreams: () => mirror.upstreams,
    budgets: () => mirror.budgets,
  });
  const tap: EventSink = (event) => {
    metrics.event(event);
    emit(event);
  };
  const mirror = createMirror({
    store,
    settings: live,
    emit: tap,
    registryEndpoints: settings.serveRegistries,
    minFreeBytes: settings.serveMinFreeBytes,
    pins: settings.servePins,
    freshMs: settings.serveFreshMs,
    smallFilesBytes: settings.serveSmallFilesBytes ?? 0,
    isTokenForAll: () => live.serveSharedToken,
    upstreams: () => live.serveUpstreams,
    admission: () => policy,
    isAdmissionOff: () => live.admissionPolicy === 'off',
    ...(settings.serveMaxBytes === undefined ? {} : { maxBytes: settings.serveMaxBytes }),
  });
  const carriers = carriersOf(settings);
  try {
    const server = await startServer({
      host: settings.serveListen,
      port: settings.servePort,
      tls,
      patience: patienceOf(settings),
      faces: await facesOf(live, mirror),
      gate,
      metrics,
      readiness,
      carriers,
      emit: tap,
      onError: (error, path) => tap({ type: 'notice', code: error.code, message: `${path}: ${error.message}` }),
    });
    const reload = async (reason: string): Promise<void> => {
      try {
        const read = await options.reload();
        const next: LiveSettings = { ...live };
        const waiting = takeOver(next, read);
        const [known, keys] = [await keysOf(next, store), await tlsKeysOf(next)];
        const admission = await admissionOf(next);
        // All of it is good: nothing is taken over by halves.
        gatekeeper.use(known);
        if (keys !== undefined) server.useKeys(keys);
        Object.assign(live, next);
        gate.use(policyOf(live));
        policy = admission;
        tap({ type: 'server.reloaded', reason, error: null, waiting });
      } catch (thrown) {
        tap({ type: 'server.reloaded', reason, error: toSluiceError(thrown).message, waiting: [] });
      }
    };
    options.onHangup(() => void reload('asked'));
    const unwatch = watchFiles(
      () => [options.settingsPath, ...filesOf(live, policy?.trust)],
      () => void reload('changed'),
      // Between the reading and the first look at the files nobody watched them.
      () => isStillSaid(live, policy),
    );
    await rehearse(settings, mirror);
    tap({ type: 'server.listening', url: server.url });
    await aborted(signal);
    unwatch();
    tap({ type: 'server.draining', requests: gate.requests.size, graceMs: live.serveGraceMs });
    await server.close(live.serveGraceMs);
  } finally {
    carriers?.close();
    metrics.close();
    await mirror.close();
  }
}

function carriersOf({ serveCarriers, serveTlsCert }: ServeSettings): Carriers | undefined {
  const most = Math.min(MOST_CARRIERS, Math.max(1, availableParallelism() - 1));
  const count = serveCarriers === 'auto' ? most : serveCarriers;
  const isUseful = count > 0 && serveTlsCert === undefined && process.platform !== 'win32';
  return isUseful ? new Carriers(count) : undefined;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
