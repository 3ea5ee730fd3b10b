import { toSluiceError } from '../../base/index.js';
import type { ResponseHead } from '../../net/index.js';
import type { Environment } from '../environment.js';
import type { HeldFile } from '../files/held-file.js';
import type { Work } from '../files/job.js';
import type { LandedPiece } from '../journal/journal.js';
import { COMPARE_MS, COMPARE_ROUND_TRIPS, OPEN_DISPUTES } from '../limits.js';
import { isShut, type FileSource } from '../request/file-source.js';
import { judge, yetToAsk, type Compared, type Judgement, type WrongAnswer } from './judge.js';
import { Accusations } from './accusations.js';
import { Ledger } from './ledger.js';
import { Questions } from './questions.js';
import { nextStretch, type Sought } from './search.js';
import { SpotChecks, type Spot } from './spot-checks.js';

/** What doubts need from the file that they are about. */
export interface DoubtOwner {
  readonly path: string;
  readonly held: HeldFile;
  readonly environment: Environment;
  /** The first is the hub that named the digest. */
  readonly sources: readonly FileSource[];
  readonly isOver: boolean;
  checkVersion(from: FileSource, head: ResponseHead): void;
  /** Bytes came that are only compared. */
  compared(bytes: number): void;
  /** These pieces are to be fetched again. */
  drop(indexes: readonly number[]): void;
  /** Requests of this source end. */
  endRuns(from: FileSource): void;
  /** A search is over, and nobody is left to ask. */
  searched(): void;
  fail(error: ReturnType<typeof toSluiceError>): void;
}

/**
 * Finds who sends wrong bytes of a file that has no piece list, by comparing what sources give for the same bytes: a little while the file arrives, and all
 * of it once its digest proved wrong. Whoever is outvoted is set aside, and what it brought is fetched again from others.
 */
export class Doubts {
  readonly #owner: DoubtOwner;
  readonly #ledger = new Ledger();
  readonly #spots: SpotChecks;
  readonly #questions: Questions;
  readonly accusations: Accusations;
  readonly #random: () => number;
  /** Pieces in dispute, and who gave something else than what stands there. */
  readonly #open = new Map<number, string[]>();
  readonly #settling = new Set<number>();
  /** Disputes that nobody could settle, with the number of answers then. */
  readonly #undecided = new Map<number, number>();
  /** The digest is wrong, and everything is compared. */
  isSearching = false;
  #isOwnTurn = false;
  /** All agreed, and the whole is wrong: what was the same by chance, or for a moment, is asked once more of whoever brought it. */
  #isLastTurn = false;
  #leftPieces = 0;
  /** Sources set aside, the first first. */
  readonly aside: FileSource[] = [];

  constructor(owner: DoubtOwner, sizeBytes: number, random: () => number = Math.random) {
    this.#owner = owner;
    this.#random = random;
    this.accusations = new Accusations(owner);
    this.#questions = new Questions(owner, (index, id, sha256) => this.#settle(this.#answered(index, id, sha256)));
    this.#spots = new SpotChecks(sizeBytes, random);
  }

  /** What a search may still have to fetch. */
  get leftBytes(): number {
    return this.isSearching ? this.#leftPieces * this.#owner.held.map.pieceBytes : 0;
  }

  landed({ index, source }: LandedPiece): void {
    if (this.#isKnown(source)) this.#spots.landed(index, source, this.#owner.held.rangeOf(index));
  }

  dropped(indexes: readonly number[]): void {
    for (const index of indexes) {
      this.#ledger.dropped(index);
      this.#open.delete(index);
    }
  }

  /** What was given in comparisons and is not what stands there. */
  contradicted(): ReturnType<Ledger['contradicted']> {
    return this.#ledger.contradicted();
  }

  /** Whether the source is known to give what stands there. */
  agrees({ index, source }: LandedPiece, id: string): boolean {
    const piece = this.#ledger.of(index);
    return source === id || (piece !== undefined && piece.answers.get(id) === piece.sha256);
  }

  /** A request that compares, if a source is to be asked for one now; `hasFree`: there are bytes that are not here yet. */
  take(from: FileSource, wishBytes: number, hasFree: boolean): Work | undefined {
    const { held } = this.#owner;
    if (held.trusted !== undefined) return undefined;
    for (const index of [...this.#open.keys()]) this.#weigh(index);
    const work = canBeAsked(from) ? this.#comparison(from, wishBytes, hasFree) : undefined;
    // Those who were to be asked may have been banned meanwhile, so that whoever comes sees the end.
    if (work === undefined && !hasFree) this.#endSearch();
    return work;
  }

  #comparison(from: FileSource, wishBytes: number, hasFree: boolean): Work | undefined {
    const errand = this.#errand(from);
    if (errand !== undefined) return this.#questions.ask(from, errand, (first) => this.#isInDispute(first));
    if (hasFree) return this.#spot(from);
    // Whoever has to settle a dispute is to do so with all it has.
    if (!this.isSearching || this.#questions.isSettling(from)) return undefined;
    const { laneRate = 0, health } = from.state;
    const shortMs = Math.max(COMPARE_MS, COMPARE_ROUND_TRIPS * (health.roundTripMs ?? 0));
    const most = Math.floor(Math.min(wishBytes, laneRate * shortMs) / this.#owner.held.map.pieceBytes);
    const stretch = nextStretch(this.#sought(from), Math.max(1, most), this.#random);
    return stretch && this.#questions.compare(from, stretch.first, stretch.last);
  }

  #endSearch(): void {
    const isOver = this.#questions.isIdle && this.#open.size === 0 && this.#settling.size === 0;
    if (!this.isSearching || !isOver || this.#hasWork()) return;
    this.isSearching = false;
    this.#owner.searched();
  }

  /** The digest is wrong: compares until somebody is found out. False when there is nothing (more) to compare. */
  beginSearch(): boolean {
    if (this.#owner.held.trusted !== undefined) return false;
    this.#isOwnTurn = this.#isLastTurn = false;
    // What nobody else has said is asked again of whoever brought it, unless it is known already that sources differ; then also what others confirmed.
    if (!this.#hasWork() && this.aside.length === 0) this.#isOwnTurn = true;
    if (!this.#hasWork() && this.aside.length === 0) this.#isLastTurn = true;
    this.isSearching = this.#hasWork() || this.#open.size > 0 || this.#settling.size > 0;
    this.#leftPieces = [...this.#owner.held.landed.keys()].filter((index) => !this.#isConfirmed(index)).length;
    return this.isSearching;
  }

  /** Ends what is under way. */
  stop(): void {
    this.isSearching = false;
    this.#questions.stop();
  }

  /** Nobody but this one is asked for pieces. */
  believeOnly(believed: FileSource): void {
    this.isSearching = false;
    for (const from of this.#owner.sources) from.isSetAside = from !== believed;
  }

  #isKnown(id: string): boolean {
    return this.#owner.sources.some(({ source }) => source.id === id);
  }

  readonly #counts = (id: string): boolean =>
    this.#owner.sources.some((from) => from.source.id === id && !from.isSetAside && from.banned === undefined);

  #isConfirmed(index: number): boolean {
    if (this.#isLastTurn) return this.#ledger.isRepeated(index);
    return this.#ledger.isConfirmed(index, this.#counts, this.#isOwnTurn);
  }

  get #believed(): string | undefined {
    return this.#owner.sources[0]?.source.id;
  }

  /** Who may be asked for a piece in dispute now, those first who started it. */
  #able(index: number): string[] {
    const nowMs = this.#owner.environment.now();
    const able = this.#owner.sources
      .filter((from) => canBeAsked(from) && !from.isSetAside && from.state.waitUntilMs <= nowMs)
      .map(({ source }) => source.id)
      .filter((id) => !this.#questions.isLost(index, id));
    const others = this.#open.get(index) ?? [];
    return [...others.filter((id) => able.includes(id)), ...able.filter((id) => !others.includes(id))];
  }

  #errand(from: FileSource): number | undefined {
    const { id } = from.source;
    for (const index of [...this.#open.keys()].slice(0, OPEN_DISPUTES)) {
      const piece = this.#ledger.of(index);
      if (piece === undefined || this.#questions.isAsked(index, id)) continue;
      if (yetToAsk(piece, this.#believed, this.#able(index)).includes(id)) return index;
    }
    return undefined;
  }

  #spot(from: FileSource): Work | undefined {
    const { id } = from.source;
    const { environment } = this.#owner;
    if (from.isSetAside || this.#questions.isSpotting(from) || from.state.refusals.isCounting(environment.now()))
      return undefined;
    const spot = this.#spots.next((owner) => owner !== id && this.#counts(owner));
    if (spot === undefined) return undefined;
    return this.#questions.spot(from, spot, (sha256) => this.#settle(this.#judgeSpot(spot, id, sha256)));
  }

  async #judgeSpot(spot: Spot, other: string, sha256: string): Promise<void> {
    const { held, environment } = this.#owner;
    const before = held.landed.get(spot.index);
    if (before?.source !== spot.owner) return;
    const [ours] = await environment.followers.hashRanges(held.partial.dataPath, [spot]);
    if (ours === sha256 || held.landed.get(spot.index) !== before) return;
    if (await this.#stand(spot.index)) this.#dispute(spot.index, other);
  }

  async #answered(index: number, source: string, sha256: string): Promise<void> {
    this.#leftPieces = Math.max(0, this.#leftPieces - 1);
    if (!(await this.#stand(index))) return;
    const piece = this.#ledger.of(index);
    const isDifferent = piece !== undefined && piece.sha256 !== sha256 && !piece.owners.includes(source);
    // Whoever agreed with what was wrong is asked anew.
    if (this.#isLastTurn && piece !== undefined && piece.sha256 !== sha256 && !this.#open.has(index))
      this.#ledger.forget(index);
    // A byte may have flipped on the way: whoever differs is asked once more before it is held to it.
    if (isDifferent && !this.#open.has(index) && this.#dispute(index, source)) return;
    this.#ledger.answered(index, source, sha256);
    if (piece?.sha256 !== sha256) this.#dispute(index, source);
    this.#weigh(index);
    this.#owner.environment.wake();
  }

  /** Finds out what stands there. False when nothing does (any more). */
  async #stand(index: number): Promise<boolean> {
    const { held, environment } = this.#owner;
    if (this.#ledger.of(index) !== undefined) return true;
    const before = held.landed.get(index);
    if (before === undefined) return false;
    const [sha256] = await environment.followers.hashRanges(held.partial.dataPath, [held.rangeOf(index)]);
    if (sha256 === undefined || held.landed.get(index) !== before) return false;
    this.#ledger.stands(index, before.source.split('+'), sha256);
    return true;
  }

  /** False when the piece is looked into already, or nobody is left who could say more. */
  #dispute(index: number, other: string): boolean {
    const others = this.#open.get(index);
    if (others !== undefined) others.push(other);
    const answers = this.#ledger.of(index)?.answers.size ?? 0;
    if (others !== undefined || this.#settling.has(index) || this.#undecided.get(index) === answers) return false;
    this.#open.set(index, [other]);
    this.#owner.environment.wake();
    return true;
  }

  #weigh(index: number): void {
    const piece = this.#ledger.of(index);
    if (!this.#open.has(index) || piece === undefined || this.#owner.isOver) return;
    const able = this.#able(index);
    if (yetToAsk(piece, this.#believed, able).length > 0) return;
    this.#open.delete(index);
    this.#settling.add(index);
    this.#settle(this.#decide(index, piece).finally(() => this.#settling.delete(index)));
  }

  async #decide(index: number, piece: Compared): Promise<void> {
    const { held, environment, path: file } = this.#owner;
    const judgement = judge(piece, this.#believed, this.#counts);
    const landed = held.landed.get(index);
    if (landed === undefined) return;
    if (judgement === undefined) {
      this.#undecided.set(index, piece.answers.size);
      this.#spots.raise();
      const sides = [...piece.owners, ...piece.answers.keys()];
      for (const source of new Set(sides)) this.accusations.tell({ index, source, reason: 'undecided' });
      return;
    }
    if (judgement.isStandingWrong && (await held.unlike([landed])).length > 0) {
      // Not the source's doing but ours.
      const message = 'its bytes on disk are not those that arrived';
      environment.emit({ type: 'piece.wrong', file, index, source: landed.source, message });
      this.#owner.drop([index]);
      return;
    }
    for (const wrong of judgement.wrong) this.#accuse(index, wrong, judgement);
    if (judgement.isStandingWrong && held.landed.get(index) === landed) this.#owner.drop([index]);
  }

  #accuse(index: number, wrong: WrongAnswer, { right, by }: Judgement): void {
    const { source, sha256 } = wrong;
    const from = this.#owner.sources.find((each) => each.source.id === source);
    if (from === undefined || from.isSetAside) return;
    const said = { index, source, sha256, right, by };
    if (wrong.isSlip) {
      this.#spots.raise();
      if (this.accusations.slipped(index, source)) {
        this.accusations.tell({ ...said, reason: 'slipped' });
        return;
      }
    }
    const others = this.#owner.sources.filter((other) => other !== from && this.#counts(other.source.id));
    if (others.length === 0) return;
    from.isSetAside = true;
    this.aside.push(from);
    const again = this.#unconfirmedOf(source);
    this.accusations.tell({ ...said, reason: 'set-aside', again });
    this.#owner.endRuns(from);
    if (again.length === 0) return;
    this.isSearching = false;
    this.#questions.endSearch();
    this.#owner.drop(again);
  }

  #unconfirmedOf(id: string): number[] {
    const { landed } = this.#owner.held;
    const its = [...landed.values()].filter(({ source }) => source.split('+').includes(id));
    return its.map(({ index }) => index).filter((index) => !this.#isConfirmed(index));
  }

  #hasWork(): boolean {
    const nowMs = this.#owner.environment.now();
    return this.#owner.sources.some(
      (from) =>
        canBeAsked(from) &&
        !isShut(this.#owner.sources, from) &&
        from.state.waitUntilMs <= nowMs &&
        !isEmpty(this.#sought(from)),
    );
  }

  /** What a source may be asked to compare. */
  *#sought(from: FileSource): Generator<Sought> {
    const { id } = from.source;
    const { landed, map } = this.#owner.held;
    const shares = new Map<string, number>();
    for (const { source } of landed.values()) shares.set(source, (shares.get(source) ?? 0) + 1 / map.count);
    for (const { index, source } of landed.values()) {
      const isOwn = source.split('+').includes(id);
      if (isOwn !== this.#isOwnTurn || this.#questions.isAsked(index) || this.#ledger.hasAnswer(index, id)) continue;
      if (this.#questions.isLost(index, id) || this.#undecided.has(index)) continue;
      if (this.#open.has(index) || this.#isConfirmed(index)) continue;
      yield { index, rank: this.#rankOf(source, shares.get(source) ?? 0) };
    }
  }

  /** Who is in a dispute first; the hub that named the digest last. */
  #rankOf(source: string, share: number): number {
    const doubts = this.accusations.countOf(source) + (this.#isSuspect(source) ? 1 : 0);
    return source === this.#believed ? 0 : doubts * 2 + 1 + share;
  }

  #isInDispute(index: number): boolean {
    const source = this.#owner.held.landed.get(index)?.source;
    return source !== undefined && this.#isSuspect(source);
  }

  /** Whether what it brought is in dispute. */
  #isSuspect(source: string): boolean {
    for (const index of this.#open.keys()) if (this.#owner.held.landed.get(index)?.source === source) return true;
    return false;
  }

  #settle(work: Promise<void>): void {
    work.catch((thrown: unknown) => this.#owner.fail(toSluiceError(thrown)));
  }
}

function canBeAsked(from: FileSource): boolean {
  return from.banned === undefined && from.source.spans === undefined && !from.ignoresRanges;
}

function isEmpty(items: Iterable<unknown>): boolean {
  for (const _ of items) return false;
  return true;
}
