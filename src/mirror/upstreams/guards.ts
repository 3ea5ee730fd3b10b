import {
  toSluiceError,
  UPSTREAM_DEFAULTS,
  type ErrorCode,
  type EventSink,
  type SluiceError,
} from '../../base/index.js';
import { Breaker } from './breaker.js';
import type { UpstreamHealth } from './upstream.js';

/** Errors that say that whoever was asked is ill, rather than what was asked for. One that limits us is not. */
const ILL: ReadonlySet<ErrorCode> = new Set([
  'DNS',
  'CONNECT',
  'TLS',
  'PROXY',
  'RESET',
  'STALLED',
  'SERVER_ERROR',
] as const);

/** Those that were not asked for longest begin anew. */
const MOST_GUARDS = 200;

/** Errors of answers that came, and that nobody can believe. */
const NONSENSE: ReadonlySet<ErrorCode> = new Set([
  'BAD_MANIFEST',
  'UNSAFE_PATH',
  'DIGEST_MISMATCH',
  'SIZE_MISMATCH',
] as const);

/** Whether nothing was learnt: nobody could be asked, or what they said makes no sense. What was known before stands then. */
export function saysNothing({ exitCode, code }: SluiceError): boolean {
  return exitCode === 7 || NONSENSE.has(code);
}

/** Whether somebody said so, rather than that nobody could tell. */
export function isRefusal({ exitCode }: SluiceError): boolean {
  return exitCode === 3 || exitCode === 4;
}

/** One question to somebody, unless the breaker leaves them alone; it learns from the outcome. @throws SluiceError */
export async function guarded<T>(breaker: Breaker, ask: () => Promise<T>): Promise<T> {
  const why = breaker.enter();
  if (why !== undefined) throw why;
  try {
    const value = await ask();
    breaker.succeeded();
    return value;
  } catch (thrown) {
    const error = toSluiceError(thrown);
    if (isRefusal(error)) breaker.succeeded();
    else if (ILL.has(error.code)) breaker.failed(error);
    else breaker.released();
    throw error;
  }
}

/** Breakers of registries and sites, each by its name. */
export class Guards {
  readonly #kind: 'registry' | 'site';
  readonly #emit: EventSink;
  readonly #now: () => number;
  /** Least recently asked first. */
  readonly #breakers = new Map<string, Breaker>();

  constructor(kind: 'registry' | 'site', emit: EventSink, now: () => number) {
    this.#kind = kind;
    this.#emit = emit;
    this.#now = now;
  }

  /** As `guarded`. */
  ask<T>(name: string, ask: () => Promise<T>): Promise<T> {
    const breaker = this.#breakers.get(name) ?? this.#breakerOf(name);
    this.#breakers.delete(name);
    this.#breakers.set(name, breaker);
    if (this.#breakers.size > MOST_GUARDS) this.#breakers.delete(this.#breakers.keys().next().value ?? '');
    return guarded(breaker, ask);
  }

  get health(): readonly UpstreamHealth[] {
    return [...this.#breakers].map(([name, { state }]) => ({ name, kind: this.#kind, state }));
  }

  #breakerOf(name: string): Breaker {
    return new Breaker({
      ...UPSTREAM_DEFAULTS,
      now: this.#now,
      changed: (state, reason) =>
        this.#emit({ type: 'upstream.changed', upstream: name, state, reason: reason?.message ?? null }),
    });
  }
}
