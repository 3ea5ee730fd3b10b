import type { EventSink, SluiceEvent } from '../base/index.js';

const KINDS = [
  'scheduler.connections',
  'scheduler.taken-back',
  'scheduler.redialled',
  'source.degraded',
  'source.recovered',
  'source.small-requests',
  'source.doubted',
  'source.banned',
  'source.waiting',
] as const;

type DecisionEvent = Extract<SluiceEvent, { type: (typeof KINDS)[number] }>;

/** Why a source was asked for more, or left: what was decided, with its numbers, and when (Unix milliseconds). */
export interface RecordedDecision {
  readonly atMs: number;
  /** How many more of the same kind, source and reason followed that are not kept. */
  readonly more?: number;
  readonly event: DecisionEvent;
}

/** Of the same kind, source and reason so many are kept. */
const KEPT_OF_A_KIND = 8;
/** And so many in all. */
const KEPT = 400;

/** Passes events on, and keeps those that are decisions: a bounded number, however long a pull takes. */
export class Decisions {
  readonly emit: EventSink;
  readonly #kept: { atMs: number; more?: number; event: DecisionEvent }[] = [];
  readonly #byKind = new Map<string, { atMs: number; more?: number; event: DecisionEvent }[]>();

  constructor(emit: EventSink, now: () => number = Date.now) {
    this.emit = (event) => {
      if (isDecision(event)) this.#keep(event, now());
      emit(event);
    };
  }

  list(): readonly RecordedDecision[] {
    return this.#kept;
  }

  #keep(event: DecisionEvent, atMs: number): void {
    const key = `${event.type} ${event.source} ${'reason' in event ? event.reason : ''}`;
    const same = this.#byKind.get(key) ?? [];
    this.#byKind.set(key, same);
    const last = same.at(-1);
    if (same.length >= KEPT_OF_A_KIND && last !== undefined) {
      last.more = (last.more ?? 0) + 1;
      return;
    }
    if (this.#kept.length >= KEPT) return;
    const kept = { atMs, event };
    same.push(kept);
    this.#kept.push(kept);
  }
}

function isDecision(event: SluiceEvent): event is DecisionEvent {
  return KINDS.some((kind) => kind === event.type);
}
