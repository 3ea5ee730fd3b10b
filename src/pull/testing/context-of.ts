import { join } from 'node:path';
import type { EventSink } from '../../base/index.js';
import type { PullContext, PullSettings } from '../port.js';

/** A context whose every folder is below one; nothing is emitted unless a sink is given. */
export function contextOf(
  home: string,
  settings: Partial<PullSettings> = {},
  emit: EventSink = () => undefined,
): PullContext {
  return {
    settings: {
      home,
      hfEndpoints: [],
      hfToken: undefined,
      hfTokenEndpoints: [],
      namedHubs: ['hf', 'ms'],
      alsoHubs: 'auto',
      hubMap: [],
      hfXet: 'auto',
      hfCache: join(home, 'views', 'hf'),
      msEndpoints: [],
      msToken: undefined,
      msCache: join(home, 'views', 'ms'),
      msLegacyCache: join(home, 'views', 'ms', 'hub'),
      ollamaModels: join(home, 'views', 'ollama'),
      links: undefined,
      offline: false,
      connections: 'auto',
      limit: undefined,
      memoryBytes: undefined,
      proxy: undefined,
      httpProxy: undefined,
      noProxy: undefined,
      caFiles: [],
      noProgressMs: 5000,
      ...settings,
    },
    emit,
    signal: new AbortController().signal,
  };
}
