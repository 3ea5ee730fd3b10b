import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { SluiceEvent } from '../../base/index.js';
import type { HostBudget } from '../../net/index.js';
import { Registry, type Labels } from './registry.js';

/** One request that is over. */
export interface Answered {
  /** The protocol, `own` for what is ours, `none` when nobody answers the path. */
  readonly face: string;
  readonly method: string;
  readonly status: number;
  /** Bytes of the body. */
  readonly bytes: number;
  readonly cacheStatus: string | undefined;
  /** Until the head of the answer went out. */
  readonly firstMs: number;
  readonly totalMs: number;
  /** Whether it had content of a file. */
  readonly isFile: boolean;
}

export interface State {
  readonly connections: () => number;
  readonly requests: () => number;
  readonly disk: () => { readonly freeBytes: number; readonly totalBytes: number } | undefined;
  readonly isReady: () => boolean;
  readonly upstreams?: () => readonly { readonly name: string; readonly kind: string; readonly state: string }[];
  readonly budgets?: () => readonly HostBudget[];
}

const UPSTREAM_STATES = ['closed', 'half-open', 'open'] as const;

const SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300, 1800];

/** Every metric of the server, read at `/-/metrics`. */
export class ServerMetrics {
  readonly registry = new Registry();
  #fills = 0;
  readonly #pausedUntilMs = new Map<string, number>();
  readonly #requests = this.registry.counter(
    'sluice_requests_total',
    'Requests answered, by face, kind of route and status.',
  );
  readonly #refused = this.registry.counter(
    'sluice_refused_total',
    'Requests refused before any face saw them, by reason.',
  );
  readonly #bytesOut = this.registry.counter('sluice_sent_bytes_total', 'Bytes of bodies sent, by cache status.');
  readonly #bytesIn = this.registry.counter('sluice_fetched_bytes_total', 'Bytes of files fetched, by source.');
  readonly #cache = this.registry.counter('sluice_cache_answers_total', 'Answers by cache status.');
  readonly #coalesced = this.registry.counter(
    'sluice_coalesced_total',
    'File requests that joined a fill begun by another.',
  );
  readonly #cut = this.registry.counter('sluice_cut_answers_total', 'Answers that ended in a reset, by reason.');
  readonly #filled = this.registry.counter('sluice_fills_total', 'Fills that ended, by outcome.');
  readonly #failures = this.registry.counter(
    'sluice_upstream_failures_total',
    'Pieces that failed, by source and error code.',
  );
  readonly #pauses = this.registry.counter(
    'sluice_upstream_pauses_total',
    'Pauses that an upstream asked for (429, RateLimit).',
  );
  readonly #first = this.registry.histogram(
    'sluice_first_byte_seconds',
    'Until the head of an answer went out.',
    SECONDS,
  );
  readonly #total = this.registry.histogram(
    'sluice_request_seconds',
    'Until the last byte of an answer went out.',
    SECONDS,
  );
  readonly #loop = monitorEventLoopDelay({ resolution: 20 });

  constructor(state: State) {
    const { registry } = this;
    registry.gauge('sluice_connections', 'Open connections of clients.', state.connections);
    registry.gauge('sluice_requests_under_way', 'Requests under way.', state.requests);
    registry.gauge('sluice_fills_under_way', 'Files on their way in.', () => this.#fills);
    registry.gauge('sluice_upstream_paused_seconds', 'How long a source is still to be left alone.', () =>
      this.#pausesNow(),
    );
    registry.gauge('sluice_upstream_state', '1 for the state of an upstream: closed when it is asked as usual.', () =>
      statesOf(state.upstreams?.() ?? []),
    );
    const budgets = (value: (budget: HostBudget) => number): (readonly [Labels, number])[] =>
      (state.budgets?.() ?? []).map((budget) => [{ host: budget.key }, value(budget)]);
    registry.gauge('sluice_upstream_ratelimit_remaining', 'Requests that a host says are left.', () =>
      budgets(({ remaining }) => remaining),
    );
    registry.gauge('sluice_upstream_ratelimit_reset_seconds', 'Until the window of a host begins anew.', () =>
      budgets(({ resetMs }) => Math.ceil(resetMs / 1000)),
    );
    registry.gauge('sluice_disk_free_bytes', 'Free space where the store is.', () => state.disk()?.freeBytes ?? 0);
    registry.gauge(
      'sluice_disk_total_bytes',
      'Size of the disk where the store is.',
      () => state.disk()?.totalBytes ?? 0,
    );
    registry.gauge('sluice_ready', '1 when /-/readyz says so.', () => (state.isReady() ? 1 : 0));
    registry.gauge('sluice_event_loop_delay_seconds', 'Largest delay of the event loop since the last scrape.', () => {
      const seconds = this.#loop.max / 1e9;
      this.#loop.reset();
      return seconds;
    });
    registry.gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
    registry.gauge('process_start_time_seconds', 'When the process began, Unix time.', () => {
      return Math.round(Date.now() / 1000 - process.uptime());
    });
    this.#loop.enable();
  }

  answered({ face, method, status, bytes, cacheStatus, firstMs, totalMs, isFile }: Answered): void {
    const route = isFile ? 'file' : 'other';
    this.#requests.add({ face, route, method, status: String(status) });
    this.#bytesOut.add({ cache: cacheStatus ?? 'none' }, bytes);
    if (cacheStatus !== undefined) this.#cache.add({ cache: cacheStatus, route });
    if (isFile && cacheStatus === 'FILLING') this.#coalesced.add({});
    this.#first.observe({ face, route }, firstMs / 1000);
    this.#total.observe({ face, route }, totalMs / 1000);
  }

  refused(reason: string): void {
    this.#refused.add({ reason });
  }

  cut(reason: string): void {
    this.#cut.add({ reason });
  }

  /** Takes in what the engine tells. */
  event(event: SluiceEvent): void {
    if (event.type === 'file.started') this.#fills += 1;
    else if (event.type === 'file.proven' || event.type === 'file.failed' || event.type === 'file.rested') {
      this.#fills = Math.max(0, this.#fills - 1);
      this.#filled.add({ outcome: event.type === 'file.failed' ? event.code : event.type.slice('file.'.length) });
    } else if (event.type === 'piece.landed')
      this.#bytesIn.add({ source: event.source }, event.endByte - event.startByte);
    else if (event.type === 'piece.failed') this.#failures.add({ source: event.source, code: event.code });
    else if (event.type === 'piece.wrong') this.#failures.add({ source: event.source, code: 'DIGEST_MISMATCH' });
    else if (event.type === 'source.waiting') {
      this.#pauses.add({ source: event.source });
      this.#pausedUntilMs.set(event.source, Date.now() + event.waitMs);
    }
  }

  close(): void {
    this.#loop.disable();
  }

  #pausesNow(): (readonly [{ source: string }, number])[] {
    return [...this.#pausedUntilMs].map(([source, until]) => [
      { source },
      Math.max(0, Math.round((until - Date.now()) / 1000)),
    ]);
  }
}

function statesOf(upstreams: ReturnType<NonNullable<State['upstreams']>>): (readonly [Labels, number])[] {
  return upstreams.flatMap(({ name, kind, state }) =>
    UPSTREAM_STATES.map((each) => [{ upstream: name, kind, state: each }, each === state ? 1 : 0] as const),
  );
}
