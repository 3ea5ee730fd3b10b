import { SluiceError, toSluiceError, type EventSink, type UpstreamTable } from '../../base/index.js';
import {
  repositoryPath,
  type Caller,
  type ManifestFile,
  type Origin,
  type Pinned,
  type RepositoryRef,
  type Source,
} from '../../hubs/index.js';
import { hubOrigin, type PullSettings, type Wires } from '../../pull/index.js';
import { askInOrder, nothing, type Candidate, type Verdict } from './ask-in-order.js';
import { isRefusal } from './guards.js';
import { listUpstreams } from './list-upstreams.js';
import { Upstream, type UpstreamHealth } from './upstream.js';

type Hub = RepositoryRef['origin'];

/** An upstream, and by whose credentials it is asked. */
export interface Asked {
  readonly origin: Origin;
  readonly upstream: Upstream;
  readonly by: 'settings' | 'caller';
  /** Whether it is shown all that the caller has: a refusal of one that is not may be for want of a token. */
  readonly isWhole: boolean;
}

/** The upstreams of the mirror, in the order in which they are asked. A name is told only to those that its patterns let it be. */
export interface Upstreams {
  /** With the caller's token where they may see it, or none: never with another's. */
  own(hub: Hub, caller: Caller, repository?: string): readonly Asked[];
  /** With tokens of the settings; those that have one. */
  shared(hub: Hub, repository?: string): readonly Asked[];
  /** With the settings' token or none, those that are not left alone: for what is everybody's. */
  ours(hub: Hub, repository: string): readonly Origin[];
  /** URLs of folders that may hold a repository's files, each with a slash at its end. */
  folders(repository: string): readonly string[];
  /** Why nobody can be asked for a file of a repository just now; undefined when somebody can. */
  whyNobody(pinned: Pinned, caller: Caller): SluiceError | undefined;
  /** Who has a file of a repository that the caller may have. Those that are left alone only when there are no others. `told` adds what is known of one. */
  sources(
    pinned: Pinned,
    file: ManifestFile,
    caller: Caller,
    told?: (source: Source, origin: Origin) => Source,
  ): readonly Source[];
  /**
   * The first that answers, in order (`askInOrder`). `ask` gives undefined where an upstream has no such question. @throws SluiceError
   */
  first<T>(
    asked: readonly Asked[],
    signal: AbortSignal,
    ask: (origin: Origin, signal: AbortSignal) => Promise<T> | undefined,
  ): Promise<T>;
  /** The settings as they are with the upstreams that tables name. */
  readonly settings: PullSettings;
  /** Whether the token of the settings may stand for every caller, and not only for what everybody may read. */
  readonly isTokenForAll: boolean;
  readonly health: readonly UpstreamHealth[];
}

export interface UpstreamsOptions {
  /** Both may change under way: what they say is read anew each time. */
  readonly settings: PullSettings;
  readonly tables: () => readonly UpstreamTable[];
  /** With decoders, files that come in no other way come as Xet's chunks. */
  readonly wires: Omit<Wires, 'patienceMs'>;
  readonly isTokenForAll: () => boolean;
  readonly emit: EventSink;
  readonly now: () => number;
}

/** Longer pauses that a hub asked for are told to the caller, who has other things to fall back on. */
const MAX_PAUSE_MS = 1000;

/** Tries of small requests go on for so long: callers wait at most ten seconds, and come again by themselves. */
export const UPSTREAM_PATIENCE = { patienceMs: 2500, maxPausesMs: MAX_PAUSE_MS };

export function createUpstreams(options: UpstreamsOptions): Upstreams {
  const { settings, wires, emit, now } = options;
  let listed: { readonly as: string; readonly upstreams: readonly Upstream[] } = { as: '', upstreams: [] };

  const all = (): readonly Upstream[] => {
    const tables = listUpstreams(settings, options.tables());
    const as = JSON.stringify(tables);
    if (as === listed.as) return listed.upstreams;
    const upstreams = tables.map((table, at) => {
      const earlier = listed.upstreams.find(({ table: { name, url } }) => name === table.name && url === table.url);
      const { kind, name } = table;
      const hasNext = tables.slice(at + 1).some((other) => other.kind === kind);
      // Where another can be asked at once, nobody waits for one that fails.
      const patience = { ...UPSTREAM_PATIENCE, ...(hasNext ? { patienceMs: 0 } : {}) };
      const make = (token: string | undefined): Origin => originOf(table, token, settings, { ...wires, ...patience });
      return new Upstream(
        table,
        make,
        {
          now,
          changed: (state, reason) =>
            emit({ type: 'upstream.changed', upstream: name, state, reason: reason?.message ?? null }),
        },
        earlier,
      );
    });
    listed = { as, upstreams };
    return upstreams;
  };
  const of = (kind: UpstreamTable['kind'], repository?: string): readonly Upstream[] =>
    all().filter((upstream) => upstream.table.kind === kind && upstream.serves(repository));

  /** Those that have the repository, as far as the caller may know. */
  const holders = ({ ref, isPublic = false }: Pinned, caller: Caller): readonly Asked[] => {
    if (ref.origin === 'https') return [];
    const name = repositoryPath(ref);
    return [
      ...(isPublic || options.isTokenForAll() ? upstreams.shared(ref.origin, name) : []),
      ...upstreams.own(ref.origin, caller, name).filter(({ isWhole }) => isPublic || isWhole),
    ];
  };
  const upstreams: Upstreams = {
    own: (hub, { token }, repository) =>
      of(hub, repository).map((upstream): Asked => {
        const isShown = upstream.table.callerTokens;
        const origin = upstream.origin(isShown ? token : undefined);
        return { origin, upstream, by: 'caller', isWhole: isShown || token === undefined };
      }),
    shared: (hub, repository) =>
      of(hub, repository).flatMap((upstream): readonly Asked[] => {
        const { token } = upstream.table;
        if (token === undefined) return [];
        return [{ origin: upstream.origin(token), upstream, by: 'settings', isWhole: true }];
      }),
    ours: (hub, repository) =>
      of(hub, repository)
        .filter(({ breaker }) => breaker.state !== 'open')
        .map((upstream) => upstream.origin(upstream.table.token)),
    folders: (repository) => of('files', repository).map(({ table }) => `${table.url}/${repository}/`),
    whyNobody: (pinned, caller) => {
      const asked = holders(pinned, caller);
      if (asked.some(({ upstream }) => upstream.breaker.state !== 'open')) return undefined;
      return asked[0]?.upstream.breaker.reason;
    },
    sources: (pinned, file, caller, told = (source) => source) => {
      const asked = holders(pinned, caller);
      const able = asked.filter(({ upstream }) => upstream.breaker.state !== 'open');
      return (able.length > 0 ? able : asked).flatMap(({ origin }) =>
        fillSources(origin, pinned, file, settings.hfXet).map((source) =>
          source.spans === undefined ? told(source, origin) : source,
        ),
      );
    },
    first: async (asked, signal, ask) => {
      let failure: SluiceError | undefined;
      let refusal: SluiceError | undefined;
      for (const by of ['settings', 'caller'] as const) {
        const group = asked.filter((each) => each.by === by);
        if (group.length === 0) continue;
        try {
          return await askInOrder(
            group.map((each) => candidateOf(each, ask)),
            signal,
          );
        } catch (thrown) {
          const error = toSluiceError(thrown);
          if (signal.aborted) throw error;
          if (isRefusal(error)) refusal ??= error;
          else failure ??= error;
        }
      }
      throw failure ?? refusal ?? nothing();
    },
    get settings() {
      const kinds = new Set(options.tables().map(({ kind }) => kind));
      const urls = (hub: Hub): readonly string[] => of(hub).map(({ table }) => table.url);
      const named = (['hf', 'ms'] as const).filter((hub) => kinds.has(hub) || settings.namedHubs.includes(hub));
      return { ...settings, hfEndpoints: urls('hf'), msEndpoints: urls('ms'), namedHubs: named };
    },
    get isTokenForAll() {
      return options.isTokenForAll();
    },
    get health() {
      return all().map(({ health }) => health);
    },
  };
  return upstreams;
}

function originOf(table: UpstreamTable, token: string | undefined, settings: PullSettings, wires: Wires): Origin {
  const { kind, url } = table;
  if (kind === 'files') throw new SluiceError('INTERNAL', { reason: 'a folder is no hub' });
  const its = { hfToken: token, hfTokenEndpoints: [url], msToken: token, msEndpoints: [url] };
  return hubOrigin(kind, url, { ...settings, ...its }, wires);
}

function candidateOf<T>(
  { origin, upstream, isWhole }: Asked,
  ask: (origin: Origin, signal: AbortSignal) => Promise<T> | undefined,
): Candidate<T> {
  const { timeoutMs, notFound } = upstream.table;
  return {
    ask: (signal: AbortSignal): Promise<T> => upstream.question(() => ask(origin, signal)),
    patienceMs: timeoutMs,
    late: () => upstream.late(),
    verdict: (error: SluiceError): Verdict => {
      if (!isRefusal(error)) return 'failure';
      if (!isWhole) return 'next';
      return error.exitCode === 3 ? notFound : 'stop';
    },
  };
}

/** Callers read a file from its beginning while it comes, which plain requests bring in order: chunks are for what comes no other way. */
function fillSources(
  origin: Origin,
  pinned: Pinned,
  file: ManifestFile,
  xet: PullSettings['hfXet'],
): readonly Source[] {
  const plain = origin.source(pinned, file);
  const chunked = origin.xetSource?.(pinned, file);
  if (chunked === undefined) return [plain];
  return xet === 'only' ? [chunked] : [plain, { ...chunked, isReserve: true }];
}
