import { decode, type Answer, type SimRequest } from './answer.js';
import type { ActiveFault, Fault, FaultMatch, FaultRule } from './faults.js';
import type { Random } from './random.js';

interface Entry {
  readonly rule: FaultRule;
  readonly remove: () => void;
  seen: number;
  hits: number;
  windowStartMs: number;
  windowCount: number;
  running: number;
}

/** What befalls one request. */
export interface Strike {
  readonly faults: readonly Fault[];
  /** To be called once the answer is over. */
  readonly release: () => void;
}

/** The rules in force; faults of all that match are combined. */
export class FaultBook {
  readonly #random: Random;
  #entries: readonly Entry[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  add(rule: FaultRule): ActiveFault {
    const remove = (): void => {
      this.#entries = this.#entries.filter((each) => each !== entry);
    };
    const entry: Entry = { rule, remove, seen: 0, hits: 0, windowStartMs: 0, windowCount: 0, running: 0 };
    this.#entries = [...this.#entries, entry];
    return entry;
  }

  clear(): void {
    this.#entries = [];
  }

  /** The faults that befall this request, in the order in which the rules were added. */
  strike(request: SimRequest, answer: Answer): Strike {
    const held: Entry[] = [];
    const struck = this.#entries.filter((entry) => this.#hits(entry, request, answer, held));
    return {
      faults: struck.map((entry) => entry.rule.fault),
      release: () => {
        for (const entry of held.splice(0)) entry.running -= 1;
      },
    };
  }

  #hits(entry: Entry, request: SimRequest, answer: Answer, held: Entry[]): boolean {
    const on = entry.rule.on ?? {};
    if (!matches(on, request, answer)) return false;
    entry.seen += 1;
    if (entry.seen <= (on.skip ?? 0)) return false;
    if ((entry.seen - (on.skip ?? 0) - 1) % (on.every ?? 1) !== 0) return false;
    if (entry.hits >= (on.times ?? Infinity)) return false;
    if (on.share !== undefined && this.#random() >= on.share) return false;
    if (entry.rule.fault.type === 'rate-limit' && withinLimit(entry, entry.rule.fault)) return false;
    if (entry.rule.fault.type === 'concurrency-limit' && entry.running < entry.rule.fault.requests) {
      entry.running += 1;
      held.push(entry);
      return false;
    }
    entry.hits += 1;
    return true;
  }
}

function matches(on: FaultMatch, request: SimRequest, answer: Answer): boolean {
  const kinds = on.kind === undefined ? undefined : [on.kind].flat();
  if (kinds !== undefined && !kinds.includes(answer.kind)) return false;
  if (on.method !== undefined && on.method !== request.method) return false;
  if (on.host !== undefined && on.host !== request.host) return false;
  if (on.isAnonymous !== undefined && on.isAnonymous !== (request.headers.authorization === undefined)) return false;
  if (on.path !== undefined && !pathMatches(on.path, request, answer)) return false;
  return on.coversByte === undefined || covers(request.headers.range, on.coversByte);
}

function pathMatches(pattern: RegExp, request: SimRequest, answer: Answer): boolean {
  const tried = [decode(request.rawPath), answer.path, request.query.get('FilePath')];
  return tried.some((text) => typeof text === 'string' && text.search(pattern) >= 0);
}

function covers(range: string | undefined, byte: number): boolean {
  const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? '');
  if (match === null) return true;
  return Number(match[1]) <= byte && (match[2] === '' || byte <= Number(match[2]));
}

function withinLimit(entry: Entry, limit: Extract<Fault, { type: 'rate-limit' }>): boolean {
  const nowMs = Date.now();
  if (nowMs - entry.windowStartMs >= limit.windowMs) {
    entry.windowStartMs = nowMs;
    entry.windowCount = 0;
  }
  entry.windowCount += 1;
  return entry.windowCount <= limit.requests;
}
