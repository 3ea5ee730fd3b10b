import { SluiceError, toSluiceError, type ErrorCode, type UpstreamTable } from '../../base/index.js';
import { compilePattern, type Origin, type PathMatcher } from '../../hubs/index.js';
import { Breaker, type BreakerOptions, type BreakerState } from './breaker.js';
import { nothing } from './ask-in-order.js';

/** How an upstream is, for people and metrics. */
export interface UpstreamHealth {
  readonly name: string;
  readonly kind: UpstreamTable['kind'];
  readonly state: BreakerState;
}

/** Errors that say that the upstream itself is ill, rather than what it was asked for. One that limits us is not. */
const ILL: ReadonlySet<ErrorCode> = new Set([
  'DNS',
  'CONNECT',
  'TLS',
  'PROXY',
  'RESET',
  'STALLED',
  'SERVER_ERROR',
] as const);

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
  async question<T>(ask: () => Promise<T> | undefined): Promise<T> {
    const why = this.breaker.enter();
    if (why !== undefined) throw why;
    try {
      const work = ask();
      if (work === undefined) throw nothing();
      const value = await work;
      this.breaker.succeeded();
      return value;
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (isRefusal(error)) this.breaker.succeeded();
      else if (ILL.has(error.code)) this.breaker.failed(error);
      else this.breaker.released();
      throw error;
    }
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

/** Whether a hub said so, rather than that nobody could tell. */
export function isRefusal({ exitCode }: SluiceError): boolean {
  return exitCode === 3 || exitCode === 4;
}
