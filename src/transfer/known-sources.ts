import type { Source } from '../hubs/index.js';
import { SCHEDULE, SERVICE_SCHEDULE, type Schedule } from './limits.js';
import type { TransferOptions } from './port.js';
import { createFileSource, type FileSource } from './request/file-source.js';
import { SourceState } from './schedule/source-state.js';

/** For so long it is remembered that a source is not to be asked, and what is known of one that nobody uses. */
const REMEMBERED_MS = 10 * 60_000;

interface Known {
  readonly state: SourceState;
  /** Files under way that have it. */
  files: number;
  usedMs: number;
  /** When it was first seen to be banned. */
  bannedMs: number | undefined;
}

type SourceOptions = Pick<TransferOptions, 'connections' | 'requestBytes'>;

export function newSourceState(
  id: string,
  { connections, requestBytes }: SourceOptions,
  schedule: Schedule = SCHEDULE,
): SourceState {
  const most = connections === 'auto' ? schedule.mostPerHost : connections;
  return new SourceState(id, most, schedule, Math.random, requestBytes);
}

/** What is known of sources while files come and go: shared by all of them, and forgotten some time after the last. */
export class KnownSources {
  /** By the id of the source; the scheduler looks at it. */
  readonly states = new Map<string, SourceState>();
  readonly #known = new Map<string, Known>();
  readonly #options: SourceOptions;
  readonly #now: () => number;

  constructor(options: SourceOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  /** For a file; `leave` is to be called when it is over. */
  enter(source: Source): { readonly from: FileSource; readonly leave: () => void } {
    this.#forget();
    const known = this.#of(source.id);
    known.files += 1;
    const leave = (): void => {
      known.files -= 1;
      known.usedMs = this.#now();
    };
    return { from: createFileSource(source, known.state), leave };
  }

  #of(id: string): Known {
    const before = this.#known.get(id);
    if (before !== undefined) return before;
    const state = newSourceState(id, this.#options, SERVICE_SCHEDULE);
    const known = { state, files: 0, usedMs: this.#now(), bannedMs: undefined };
    this.#known.set(id, known);
    this.states.set(id, known.state);
    return known;
  }

  /** Who was banned gets another chance after a while, also when there never was a moment without it. */
  #forget(): void {
    const nowMs = this.#now();
    for (const [id, known] of this.#known) {
      if (known.state.banned !== undefined) known.bannedMs ??= nowMs;
      if (known.bannedMs !== undefined && nowMs - known.bannedMs > REMEMBERED_MS)
        known.bannedMs = known.state.banned = undefined;
      if (known.files > 0 || known.state.active > 0 || nowMs - known.usedMs <= REMEMBERED_MS) continue;
      this.#known.delete(id);
      this.states.delete(id);
    }
  }
}
