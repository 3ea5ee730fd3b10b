import { SluiceError, toSluiceError } from '../base/index.js';
import type { Caller, Origin, RepositoryRef } from '../hubs/index.js';
import { hubOrigin, type PullSettings, type Wires } from '../pull/index.js';

type Hub = RepositoryRef['origin'];

/** The endpoints of hubs, by whose credentials they are asked. */
export interface Upstreams {
  /** With the caller's token, or none: never with another's. */
  own(hub: Hub, caller: Caller): readonly Origin[];
  /** With the token of the settings; none where there is no such token. */
  shared(hub: Hub): readonly Origin[];
  /**
   * The first endpoint that answers; the first error otherwise. `ask` gives undefined where an endpoint has no such question.
   */
  first<T>(origins: readonly Origin[], ask: (origin: Origin) => Promise<T> | undefined): Promise<T>;
  /** Whether the token of the settings may stand for every caller, and not only for what everybody may read. */
  readonly isTokenForAll: boolean;
}

/** Longer pauses that a hub asked for are told to the caller, who has other things to fall back on. */
const MAX_PAUSE_MS = 1000;

/** Tries of small requests go on for so long: callers wait at most ten seconds, and come again by themselves. */
export const UPSTREAM_PATIENCE = { patienceMs: 2500, maxPausesMs: MAX_PAUSE_MS };

export function createUpstreams(
  settings: PullSettings,
  wires: Omit<Wires, 'patienceMs'>,
  isTokenForAll: () => boolean,
): Upstreams {
  // The object stays while what it says is read anew.
  const perHub = { hf: new HubOrigins(), ms: new HubOrigins() };
  const make = (hub: Hub, token: string | undefined): readonly Origin[] => {
    const { hfTokenEndpoints } = settings;
    const endpoints = hub === 'hf' ? settings.hfEndpoints : settings.msEndpoints;
    const own = { ...settings, hfToken: token, msToken: token };
    return perHub[hub].get(token, JSON.stringify([endpoints, hfTokenEndpoints]), () =>
      endpoints.map((endpoint) => hubOrigin(hub, endpoint, own, { ...wires, ...UPSTREAM_PATIENCE })),
    );
  };
  return {
    own: (hub, { token }) => make(hub, token),
    shared: (hub) => {
      const token = hub === 'hf' ? settings.hfToken : settings.msToken;
      return token === undefined ? [] : make(hub, token);
    },
    first: firstOf,
    get isTokenForAll() {
      return isTokenForAll();
    },
  };
}

const MOST_TOKENS = 1000;

/** Origins by the token that they are asked with: what they learned of their hub is theirs. Made anew where endpoints have changed. */
class HubOrigins {
  /** Least recently used first. */
  readonly #made = new Map<string | undefined, { readonly places: string; readonly origins: readonly Origin[] }>();

  get(token: string | undefined, places: string, make: () => readonly Origin[]): readonly Origin[] {
    const made = this.#made.get(token);
    const kept = made?.places === places ? made : { places, origins: make() };
    this.#made.delete(token);
    this.#made.set(token, kept);
    if (this.#made.size > MOST_TOKENS) this.#made.delete(this.#made.keys().next().value);
    return kept.origins;
  }
}

async function firstOf<T>(origins: readonly Origin[], ask: (origin: Origin) => Promise<T> | undefined): Promise<T> {
  let first: SluiceError | undefined;
  for (const origin of origins) {
    try {
      const asked = ask(origin);
      if (asked !== undefined) return await asked;
    } catch (thrown) {
      first ??= toSluiceError(thrown);
    }
  }
  throw first ?? new SluiceError('FILE_NOT_FOUND', { host: 'the hub', path: 'an answer to this' });
}
