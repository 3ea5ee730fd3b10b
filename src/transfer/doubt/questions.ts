import type { Work } from '../files/job.js';
import type { FileSource } from '../request/file-source.js';
import type { DoubtOwner } from './doubts.js';
import { probe, type ProbeOrder } from './probe.js';
import type { Spot } from './spot-checks.js';

/** A probe of a piece may fail so often before its source is not waited for there any more. */
const MOST_FAILURES = 2;

/** The SHA-256 that a source gave for a piece. */
export type OnAnswer = (index: number, source: string, sha256: string) => void;

/** Requests under way that only compare: which piece is being asked of whom. */
export class Questions {
  readonly #owner: DoubtOwner;
  readonly #onAnswer: OnAnswer;
  readonly #asked = new Map<number, Set<string>>();
  readonly #failures = new Map<string, number>();
  readonly #all = new Set<Work>();
  /** Of a search, with the first piece that they compare. */
  readonly #comparing = new Map<Work, { readonly from: FileSource; readonly first: number }>();
  /** About disputes. */
  readonly #errands = new Map<Work, FileSource>();
  readonly #spotting = new Set<FileSource>();

  constructor(owner: DoubtOwner, onAnswer: OnAnswer) {
    this.#owner = owner;
    this.#onAnswer = onAnswer;
  }

  get isIdle(): boolean {
    return this.#all.size === 0;
  }

  /** Whether somebody is being asked for the piece; or this source. */
  isAsked(index: number, source?: string): boolean {
    const asked = this.#asked.get(index);
    return source === undefined ? asked !== undefined : asked?.has(source) === true;
  }

  /** Whether it is no use asking this source for the piece any more. */
  isLost(index: number, source: string): boolean {
    return this.#failures.size > 0 && (this.#failures.get(`${index} ${source}`) ?? 0) >= MOST_FAILURES;
  }

  isSpotting(from: FileSource): boolean {
    return this.#spotting.has(from);
  }

  isSettling(from: FileSource): boolean {
    return [...this.#errands.values()].includes(from);
  }

  spot(from: FileSource, { index, startByte, endByte }: Spot, onSha256: (sha256: string) => void): Work {
    this.#spotting.add(from);
    return this.#probe(from, {
      ...{ index, startByte, endBytes: [endByte] },
      onPart: (_part, sha256) => onSha256(sha256),
      onEnd: () => this.#spotting.delete(from),
    });
  }

  /** Compares pieces that follow one another, for a search. */
  compare(from: FileSource, first: number, last: number): Work {
    const work = this.#pieces(from, first, last, () => this.#comparing.delete(work));
    this.#comparing.set(work, { from, first });
    return work;
  }

  /** Asks for a piece in dispute. What the source compares of pieces that are not `urgent` can wait. */
  ask(from: FileSource, index: number, isUrgent: (index: number) => boolean): Work {
    const work = this.#pieces(from, index, index, () => this.#errands.delete(work));
    this.#errands.set(work, from);
    this.endSearch((its, first) => its === from && !isUrgent(first));
    return work;
  }

  /** Ends comparisons of a search; they do not count as failed. */
  endSearch(isMeant: (from: FileSource, first: number) => boolean = () => true): void {
    for (const [work, { from, first }] of [...this.#comparing])
      if (isMeant(from, first) && this.#comparing.delete(work)) work.abort();
  }

  stop(): void {
    for (const work of this.#all) work.abort();
  }

  /** `forget` returns false for what we ended ourselves. */
  #pieces(from: FileSource, first: number, last: number, forget: () => boolean): Work {
    const { map } = this.#owner.held;
    const { id } = from.source;
    const indexes = Array.from({ length: last - first + 1 }, (_, at) => first + at);
    let answered = 0;
    for (const index of indexes) this.#asked.set(index, (this.#asked.get(index) ?? new Set()).add(id));
    return this.#probe(from, {
      index: first,
      startByte: map.startOf(first),
      endBytes: indexes.map((index) => map.endOf(index)),
      onPart: (part, sha256) => {
        answered = part + 1;
        this.#onAnswer(first + part, id, sha256);
      },
      onEnd: () => {
        const isOurs = !forget();
        for (const index of indexes) this.#release(index, id);
        const key = `${first + answered} ${id}`;
        if (answered < indexes.length && !isOurs) this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
      },
    });
  }

  #release(index: number, id: string): void {
    const asked = this.#asked.get(index);
    asked?.delete(id);
    if (asked?.size === 0) this.#asked.delete(index);
  }

  #probe(from: FileSource, order: Pick<ProbeOrder, 'index' | 'startByte' | 'endBytes' | 'onPart' | 'onEnd'>): Work {
    const owner = this.#owner;
    const work = probe(owner.environment, {
      ...order,
      path: owner.path,
      from,
      sizeBytes: owner.held.map.sizeBytes,
      checkVersion: (asked, head) => owner.checkVersion(asked, head),
      onBytes: (bytes) => owner.compared(bytes),
      onEnd: () => {
        this.#all.delete(work);
        order.onEnd();
      },
    });
    this.#all.add(work);
    return work;
  }
}
