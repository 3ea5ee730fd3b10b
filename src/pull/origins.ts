import { SluiceError, type EventSink } from '../base/index.js';
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
import type { HostGate, Transport } from '../net/index.js';
import type { PullSettings } from './port.js';

export interface Wires {
  readonly transport: Transport;
  readonly gate: HostGate;
  readonly emit: EventSink;
  readonly patienceMs?: number;
}

/** Every endpoint that may know a ref, in the order in which they are asked; `extra` are the `--source` values. */
export function originsFor(
  ref: Ref,
  settings: PullSettings,
  extra: readonly string[],
  wires: Wires,
): readonly Origin[] {
  switch (ref.origin) {
    case 'hf': {
      const endpoints = unique([...settings.hfEndpoints, ...extra.map((text) => endpointOf(text, 'hf'))]);
      return endpoints.map((endpoint) => {
        const token = settings.hfTokenEndpoints.includes(endpoint) ? settings.hfToken : undefined;
        return createHuggingFaceOrigin({ ...wires, endpoint, token });
      });
    }
    case 'ms': {
      const endpoints = unique([...settings.msEndpoints, ...extra.map((text) => endpointOf(text, 'ms'))]);
      return endpoints.map((endpoint) => {
        const token = settings.msEndpoints.includes(endpoint) ? settings.msToken : undefined;
        return createModelScopeOrigin({ ...wires, endpoint, token });
      });
    }
    case 'https':
      return [createHttpOrigin({ ...wires, url: ref.url }), ...extra.map((url) => mirrorOfUrl(ref.url, url, wires))];
  }
}

/** The sources of one file, one per endpoint, in order of preference. */
export function sourcesOf(origins: readonly Origin[], pinned: Pinned, file: ManifestFile): readonly Source[] {
  return origins.map((origin) => origin.source(pinned, file));
}

/** `--source https://mirror`, or with the kind spelled out: `hf+https://mirror`, `ms+https://mirror`. */
function endpointOf(text: string, kind: 'hf' | 'ms'): string {
  const match = /^(?:(hf|ms)\+)?(https?:\/\/.+)$/i.exec(text);
  if (match === null) throw new SluiceError('USAGE', { reason: `--source ${text} is not an http(s) URL.` });
  if (match[1] !== undefined && match[1].toLowerCase() !== kind) {
    throw new SluiceError('USAGE', { reason: `--source ${text} is of another kind than the ref (${kind}:).` });
  }
  return (match[2] ?? '').replace(/\/+$/, '');
}

/** A mirror of plain files: a folder (ending in `/`) that holds the same names, or the URL of the same single file. */
function mirrorOfUrl(original: string, mirror: string, wires: Wires): Origin {
  if (!/^https?:\/\//i.test(mirror))
    throw new SluiceError('USAGE', { reason: `--source ${mirror} is not an http(s) URL.` });
  const url = mirror.endsWith('/') ? new URL(new URL(original).pathname.split('/').pop() ?? '', mirror).href : mirror;
  return createHttpOrigin({ ...wires, url });
}

function unique(endpoints: readonly string[]): readonly string[] {
  return [...new Set(endpoints.map((endpoint) => endpoint.replace(/\/+$/, '')))];
}
