import { SluiceError, type UpstreamTable } from '../../base/index.js';
import { compilePattern, type Origin, type PathMatcher } from '../../hubs/index.js';
import { Breaker, type BreakerOptions, type BreakerState } from './breaker.js';
import { nothing } from './ask-in-order.js';
import { guarded } from './guards.js';

/** How an upstream is, for people and metrics. */
export interface UpstreamHealth {
  readonly name: string;
  readonly kind: UpstreamTable['kind'] | 'registry' | 'site';
  readonly state: BreakerState;
}

const MOST_TOKENS = 1000;

/** One place that is asked: what it may be asked for, by whose credentials, and whether it answers at all. */
export class Upstream {
  readonly table: UpstreamTable;
  readonly breaker: Breaker;
  readonly #make: (token: string | undefined) => Origin;
  readonly #allow: readonly PathMatcher[];
  readonly #deny: readonly PathMatcher[];
  /** By token: what they learned of their hub is theirs. Least recently used first. */
  readonly #origins = new Map<string | undefined, Origin>();

  constructor(
    table: UpstreamTable,
    make: (token: string | undefined) => Origin,
    breaker: Pick<BreakerOptions, 'now' | 'changed'>,
    earlier?: Upstream,
  ) {
    this.table = table;
    this.#make = make;
    this.#allow = table.allow.map(compilePattern);
    this.#deny = table.deny.map(compilePattern);
    this.breaker = earlier?.breaker ?? new Breaker({ ...breaker, maxFails: table.maxFails, failMs: table.failMs });
  }

  /** Whether it may be asked for a repository; undefined stands for questions that are about none. */
  serves(repository: string | undefined): boolean {
    if (repository === undefined) return true;
    const matches = (each: PathMatcher): boolean => each(repository);
    return (this.#allow.length === 0 || this.#allow.some(matches)) && !this.#deny.some(matches);
  }

  origin(token: string | undefined): Origin {
    const origin = this.#origins.get(token) ?? this.#make(token);
    this.#origins.delete(token);
    this.#origins.set(token, origin);
    if (this.#origins.size > MOST_TOKENS) this.#origins.delete(this.#origins.keys().next().value);
    return origin;
  }

  /** One question, unless it is left alone. `ask` gives undefined where it has no such question. @throws SluiceError */
  question<T>(ask: () => Promise<T> | undefined): Promise<T> {
    return guarded(this.breaker, async () => {
      const work = ask();
      if (work === undefined) throw nothing();
      return work;
    });
  }

  /** It has not answered a question for so long that others are asked. */
  late(): void {
    const { name, timeoutMs } = this.table;
    this.breaker.failed(new SluiceError('STALLED', { host: name, seconds: timeoutMs / 1000 }));
  }

  get health(): UpstreamHealth {
    return { name: this.table.name, kind: this.table.kind, state: this.breaker.state };
  }
}
