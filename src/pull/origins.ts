import {
  createHttpOrigin,
  createHuggingFaceOrigin,
  createModelScopeOrigin,
  type ManifestFile,
  type Origin,
  type Pinned,
  type Ref,
  type Source,
} from '../hubs/index.js';
import type { OriginOptions } from '../hubs/index.js';
import type { PullSettings } from './port.js';
import { parseSourceOption } from './source-option.js';

export type Wires = OriginOptions;

/**
 * Every endpoint that may know a ref, in the order in which they are asked; `extra` are the `--source` values, of which those
 * that have the same repository under the same protocol count here.
 */
export function originsFor(
  ref: Ref,
  settings: PullSettings,
  extra: readonly string[],
  wires: Wires,
): readonly Origin[] {
  const options = extra.map((text) => parseSourceOption(text, ref));
  if (ref.origin === 'https') {
    const mirrors = options.flatMap((option) =>
      option.kind === 'file' ? [mirrorOfUrl(ref.url, option.url, wires)] : [],
    );
    return [createHttpOrigin({ ...wires, url: ref.url }), ...mirrors];
  }
  const hub = ref.origin;
  const mirrors = options.flatMap((option) => (option.kind === 'endpoint' && option.hub === hub ? [option.url] : []));
  const endpoints = unique([...(hub === 'hf' ? settings.hfEndpoints : settings.msEndpoints), ...mirrors]);
  return endpoints.map((endpoint) => hubOrigin(hub, endpoint, settings, wires));
}

/** One endpoint of a hub; a token goes only to endpoints that it is meant for. */
export function hubOrigin(hub: 'hf' | 'ms', endpoint: string, settings: PullSettings, wires: Wires): Origin {
  if (hub === 'hf') {
    const token = settings.hfTokenEndpoints.includes(endpoint) ? settings.hfToken : undefined;
    return createHuggingFaceOrigin({ ...wires, endpoint, token });
  }
  const token = settings.msEndpoints.includes(endpoint) ? settings.msToken : undefined;
  return createModelScopeOrigin({ ...wires, endpoint, token });
}

/** The sources of one file, by endpoint, in order of preference. */
export function sourcesOf(
  origins: readonly Origin[],
  pinned: Pinned,
  file: ManifestFile,
  xet: PullSettings['hfXet'],
): readonly Source[] {
  return origins.flatMap((origin) => {
    const plain = origin.source(pinned, file);
    const chunked = xet === 'off' ? undefined : origin.xetSource?.(pinned, file);
    if (chunked === undefined) return [plain];
    return xet === 'only' ? [chunked] : [plain, chunked];
  });
}

/** A mirror of plain files: a folder (ending in `/`) that holds the same names, or the URL of the same single file. */
function mirrorOfUrl(original: string, mirror: string, wires: Wires): Origin {
  const url = mirror.endsWith('/') ? new URL(new URL(original).pathname.split('/').pop() ?? '', mirror).href : mirror;
  return createHttpOrigin({ ...wires, url });
}

function unique(endpoints: readonly string[]): readonly string[] {
  return [...new Set(endpoints.map((endpoint) => endpoint.replace(/\/+$/, '')))];
}
