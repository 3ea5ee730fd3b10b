import { isRegistryHost, isRepositoryName } from '../names.js';
import type { ImageName } from '../port.js';

/** Words behind an image's name by which something is read. */
const IMAGE_WORDS = ['manifests', 'blobs', 'tags', 'referrers'] as const;
export type ImageWord = (typeof IMAGE_WORDS)[number];

export interface ImageRoute {
  readonly name: ImageName;
  readonly what: ImageWord;
  readonly reference: string;
}

const WHATS: ReadonlySet<string> = new Set(IMAGE_WORDS);

export interface RouteHints {
  /** What containerd says the image's registry is, beside the mirror that it asks. */
  readonly namespace: string | undefined;
  /** Registries that this mirror speaks for. */
  readonly isKnown: (registry: string) => boolean;
  /** Which one is meant when nothing tells. */
  readonly usual: string;
}

/**
 * What a path below `/v2/` asks for: `{name}/manifests/{reference}`, `{name}/blobs/{digest}`, `{name}/tags/list`. The registry is that of `?ns=`, else the name's first
 * part where that is a registry that is known here, else the usual one.
 */
export function parseImageRoute(path: string, hints: RouteHints): ImageRoute | undefined {
  const segments = path.split('/');
  const reference = segments.at(-1) ?? '';
  const what = segments.at(-2) ?? '';
  if (!WHATS.has(what) || segments.length < 3) return undefined;
  const name = segments.slice(0, -2);
  const registry = registryOf(name, hints);
  if (registry === undefined) return undefined;
  const repository = (registry.isInName ? name.slice(1) : name).join('/');
  if (!isRepositoryName(repository)) return undefined;
  const full = registry.host === 'docker.io' && !repository.includes('/') ? `library/${repository}` : repository;
  return { name: { registry: registry.host, repository: full }, what: what as ImageRoute['what'], reference };
}

function registryOf(
  name: readonly string[],
  { namespace, isKnown, usual }: RouteHints,
): { readonly host: string; readonly isInName: boolean } | undefined {
  if (namespace !== undefined) {
    const host = namespace.toLowerCase();
    return isRegistryHost(host) && isKnown(host) ? { host, isInName: false } : undefined;
  }
  const first = name[0]?.toLowerCase() ?? '';
  if (name.length > 1 && isRegistryHost(first) && isKnown(first)) return { host: first, isInName: true };
  return { host: usual, isInName: false };
}
