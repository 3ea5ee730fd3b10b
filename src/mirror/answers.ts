import { toSluiceError } from '../base/index.js';
import { hostlessWords, type CacheStatus } from '../hubs/index.js';
import { inTime } from './in-time.js';
import { Refusals, REFUSED_MS } from './refusals.js';
import { saysNothing } from './upstreams/guards.js';

/** Something that was asked, and whether everybody may be told it or only who asked. */
export interface Asked<T> {
  readonly value: T;
  readonly isPublic: boolean;
}

export interface Told<T> {
  readonly value: T;
  readonly status: CacheStatus;
  /** Why an old one is told. */
  readonly warning?: string;
}

export interface Asking<T> {
  /** What is asked, the same for all callers; and who asks. */
  readonly about: string;
  readonly caller: string;
  readonly ask: (signal: AbortSignal) => Promise<Asked<T>>;
  /** What an earlier process kept of a public answer, and when it was asked, if that is known. */
  readonly kept?: () => Promise<{ readonly value: T; readonly askedAtMs: number } | undefined>;
  /** Of this question, instead of the usual one. */
  readonly freshMs?: number;
  readonly signal: AbortSignal;
}

export interface AnswersOptions<T> {
  /** How long an answer is believed. */
  readonly freshMs: number;
  /** Whether an old answer is better than none while nobody can be asked. */
  readonly isUsefulOld: boolean;
  /** What an answer counts for in memory, of `capacity` in all. */
  readonly weight: (value: T) => number;
  readonly capacity: number;
  readonly isSame?: (a: T, b: T) => boolean;
  /** Nothing is asked any more once it fires. */
  readonly stop: AbortSignal;
  readonly now: () => number;
}

/** What nobody could tell is not asked for again at once: clients repeat their questions. */
const UNANSWERED_MS = 3000;
/** After nobody could tell, what is known is told for so long without asking. */
const REST_MS = 15_000;

interface Known<T> {
  readonly value: T;
  readonly weight: number;
  askedAtMs: number;
  /** Until then it is told as it is, for this reason. */
  rest?: { readonly untilMs: number; readonly warning: string };
}

/**
 * Answers with their age: each is asked for once, however many wait; a refusal is kept for a short while, for the caller who met it; when nobody can tell, what was
 * known stands. What is not public is kept for each caller apart.
 */
export class Answers<T> {
  readonly #options: AnswersOptions<T>;
  /** Least recently used first. */
  readonly #known = new Map<string, Known<T>>();
  readonly #refused: Refusals;
  readonly #asking = new Map<string, Promise<Known<T>>>();
  #weight = 0;

  constructor(options: AnswersOptions<T>) {
    this.#options = options;
    this.#refused = new Refusals(options.now);
  }

  /** Whether there is an answer for this caller in memory, or a refusal. */
  has(asking: Pick<Asking<T>, 'about' | 'caller'>): boolean {
    const own = ownKey(asking);
    return this.#known.has(asking.about) || this.#known.has(own) || this.#refused.get(own) !== undefined;
  }

  /** @throws SluiceError */
  async get(asking: Asking<T>): Promise<Told<T>> {
    const { now, freshMs: usualMs, isUsefulOld } = this.#options;
    const own = ownKey(asking);
    const known = this.#use(asking.about) ?? this.#use(own) ?? (await this.#recall(asking));
    const { freshMs = usualMs } = asking;
    if (known !== undefined && now() - known.askedAtMs < freshMs) return { value: known.value, status: 'HIT' };
    if (known?.rest !== undefined && now() < known.rest.untilMs)
      return { value: known.value, status: 'STALE', warning: known.rest.warning };
    const refused = this.#refused.get(own);
    if (refused !== undefined) throw refused;
    const fallback = isUsefulOld ? known : undefined;
    try {
      const asked = await inTime(this.#ask(own, asking), fallback !== undefined, asking.signal);
      const isSame = known !== undefined && this.#options.isSame?.(known.value, asked.value) === true;
      return { value: asked.value, status: isSame ? 'REVALIDATED' : 'MISS' };
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (!saysNothing(error)) throw error;
      if (fallback === undefined) {
        this.#refused.keep(own, error, UNANSWERED_MS);
        throw error;
      }
      const warning = hostlessWords(error);
      fallback.rest = { untilMs: now() + REST_MS, warning };
      return { value: fallback.value, status: 'STALE', warning };
    }
  }

  /** Everybody who waits for the same answer gets it, and none of them can call it off. */
  #ask(own: string, asking: Asking<T>): Promise<Known<T>> {
    const underway = this.#asking.get(own);
    if (underway !== undefined) return underway;
    const askedAtMs = this.#options.now();
    const work = asking.ask(this.#options.stop).then(
      ({ value, isPublic }) => {
        this.#refused.forget(own);
        // What was for everybody is so no more.
        if (!isPublic) this.#forget(asking.about);
        return this.#remember(isPublic ? asking.about : own, value, askedAtMs);
      },
      (thrown: unknown) => {
        const error = toSluiceError(thrown);
        if (error.exitCode === 3 || error.exitCode === 4) {
          this.#forget(asking.about);
          this.#refused.keep(own, error, REFUSED_MS);
        }
        throw error;
      },
    );
    this.#asking.set(own, work);
    const over = (): boolean => this.#asking.delete(own);
    work.then(over, over);
    return work;
  }

  async #recall({ about, kept }: Asking<T>): Promise<Known<T> | undefined> {
    const found = await kept?.();
    return found === undefined ? undefined : this.#remember(about, found.value, found.askedAtMs);
  }

  #use(key: string): Known<T> | undefined {
    const known = this.#known.get(key);
    if (known === undefined) return undefined;
    this.#known.delete(key);
    this.#known.set(key, known);
    return known;
  }

  #remember(key: string, value: T, askedAtMs: number): Known<T> {
    const known = { value, weight: this.#options.weight(value), askedAtMs };
    this.#forget(key);
    // One that is too large by itself would have all others forgotten.
    if (known.weight > this.#options.capacity) return known;
    this.#weight += known.weight;
    this.#known.set(key, known);
    for (const oldest of this.#known.keys()) {
      if (this.#weight <= this.#options.capacity) break;
      this.#forget(oldest);
    }
    return known;
  }

  #forget(key: string): void {
    this.#weight -= this.#known.get(key)?.weight ?? 0;
    this.#known.delete(key);
  }
}

function ownKey({ about, caller }: { readonly about: string; readonly caller: string }): string {
  return `${about}\0${caller}`;
}
