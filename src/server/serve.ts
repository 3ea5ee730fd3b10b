import {
  createContentService,
  createHuggingFaceFace,
  createOciFace,
  createSitesFace,
  parseSite,
  type Catalogue,
  type Face,
} from '../hubs/index.js';
import { createMirror } from '../mirror/index.js';
import type { PullContext } from '../pull/index.js';
import { openStore } from '../store/index.js';
import { startServer } from './server.js';
import { xetKey } from './xet-key.js';

export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  /** Registries to mirror: base URLs by the names that clients know them by. */
  readonly registries: Readonly<Record<string, string>>;
  /** Other places to mirror, as `parseSite` reads them. */
  readonly sites: readonly string[];
  /** How clients that speak Xet are answered (the settings `serve.xet…`). */
  readonly xet: {
    readonly mode: 'terminate' | 'strip';
    readonly key: string | undefined;
    readonly nodes: readonly string[];
  };
  /** Whether the token of the settings stands for every client. */
  readonly isTokenForAll: boolean;
  /** How long what a branch means is believed. */
  readonly freshMs: number;
  /** Called once when the address is known. */
  readonly onListening: (url: string) => void;
}

/** Answers under way have this long when the server is told to stop. */
const GRACE_MS = 10_000;

/** A mirror for unmodified clients, until the signal fires. @throws SluiceError */
export async function serve(
  {
    host,
    port,
    registries: registryEndpoints,
    sites: siteTexts,
    xet,
    isTokenForAll,
    freshMs,
    onListening,
  }: ServeOptions,
  { settings, emit, signal }: PullContext,
): Promise<void> {
  const sites = siteTexts.map(parseSite);
  const store = await openStore(settings.home);
  const mirror = createMirror({ store, settings, emit, registryEndpoints, freshMs, isTokenForAll });
  try {
    const server = await startServer({
      host,
      port,
      faces: [
        createOciFace(mirror.images, { isKnown: (name) => Object.hasOwn(registryEndpoints, name) }),
        createSitesFace(mirror.sites, sites),
        ...(await huggingFaceFaces(mirror, settings, xet)),
      ],
      onError: (error, path) => emit({ type: 'notice', code: error.code, message: `${path}: ${error.message}` }),
    });
    onListening(server.url);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await server.close(GRACE_MS);
  } finally {
    await mirror.close();
  }
}

async function huggingFaceFaces(
  catalogue: Catalogue,
  { home, hfEndpoints }: PullContext['settings'],
  { mode, key, nodes }: ServeOptions['xet'],
): Promise<readonly Face[]> {
  if (mode === 'strip') return [createHuggingFaceFace(catalogue, { upstreams: hfEndpoints })];
  const service = createContentService(catalogue, { key: await xetKey(home, key), nodes });
  return [createHuggingFaceFace(catalogue, { upstreams: hfEndpoints, xet: service }), service.face];
}
