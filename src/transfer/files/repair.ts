import { SluiceError } from '../../base/index.js';
import type { Verdict } from '../../proof/index.js';
import type { Doubts } from '../doubt/doubts.js';
import type { Environment } from '../environment.js';
import type { LandedPiece } from '../journal/journal.js';
import type { TransferTask } from '../port.js';
import type { FileSource } from '../request/file-source.js';
import type { HeldFile } from './held-file.js';
import { believable } from './suspects.js';

/** A landed piece that was fetched once more and came out different. */
interface Change {
  readonly before: LandedPiece;
  readonly after: LandedPiece;
}

/** Finds what is wrong in a file whose digest does not fit, and has it fetched again alone. */
export class Repair {
  readonly #environment: Environment;
  readonly #task: TransferTask;
  readonly #sources: readonly FileSource[];
  readonly #doubts: Doubts;
  readonly #startedAtMs: number;
  #checkedEarlier = false;
  #checkedDisk = false;
  #believed: FileSource[] | undefined;
  #again = new Map<number, LandedPiece>();
  #changes: Change[] = [];
  /** Pieces that turned out to be wrong while the whole was being proven. */
  #pending: number[] = [];
  #isUnproven = true;

  constructor(environment: Environment, task: TransferTask, sources: readonly FileSource[], doubts: Doubts) {
    this.#environment = environment;
    this.#task = task;
    this.#sources = sources;
    this.#doubts = doubts;
    this.#startedAtMs = Date.now();
  }

  /** Whether the whole file has to be hashed (again), now that all pieces have landed: not when nothing new came. */
  get needsProof(): boolean {
    return this.#isUnproven;
  }

  /** Whether anything ever turned out wrong. */
  wasNeeded = false;

  /** A piece landed, perhaps one that is being fetched once more. */
  noteLanded(after: LandedPiece): void {
    this.#doubts.landed(after);
    const before = this.#again.get(after.index);
    if (before === undefined) return;
    this.#again.delete(after.index);
    if (!isSame(before, after)) this.#changes.push({ before, after });
  }

  /** Frees pieces to be fetched again, or remembers to when the whole is just being proven. */
  async drop(held: HeldFile, indexes: readonly number[], isProving: boolean): Promise<void> {
    this.#pending.push(...indexes);
    if (isProving) return;
    if (this.#pending.length > 0) this.#pending.push(...this.#told(await held.useSha256()));
    const wrong = [...new Set(this.#pending.splice(0))].filter((index) => held.landed.has(index));
    for (const index of wrong) {
      const piece = held.landed.get(index);
      if (piece !== undefined && !this.#again.has(index)) this.#again.set(index, piece);
    }
    if (wrong.length === 0) return;
    this.wasNeeded = true;
    this.#isUnproven = true;
    this.#doubts.dropped(wrong);
    await held.drop(wrong);
  }

  /**
   * The digest does not fit: frees the next pieces in doubt, or begins to compare.
   * @throws SluiceError DIGEST_MISMATCH when everybody gave the same bytes twice
   */
  async next(held: HeldFile, mismatch: NonNullable<Verdict['mismatch']>): Promise<void> {
    this.#isUnproven = false;
    this.wasNeeded = true;
    const pending = this.#pending.splice(0).filter((index) => held.landed.has(index));
    if (held.isListed && pending.length === 0) return this.drop(held, await this.#wrongByList(held), false);
    const known = pending.length > 0 ? pending : ((await this.#wrongOfEarlier(held)) ?? this.#adopted(held));
    if (known !== undefined) return this.drop(held, known, false);
    if (this.#believed === undefined && this.#doubts.beginSearch()) {
      // Needed as soon as somebody is found out: done while sources are asked. Where it fails it is done then.
      held.prepareSha256().catch(() => undefined);
      return;
    }
    const wrong = await this.#wrongOnDisk(held);
    if (wrong !== undefined) return this.drop(held, wrong, false);
    this.#believed ??= believable(this.#sources, this.#doubts.aside, held.landed.values());
    for (let from = this.#believed.shift(); from !== undefined; from = this.#believed.shift()) {
      const { id } = from.source;
      const others = [...held.landed.values()].filter((piece) => !this.#doubts.agrees(piece, id));
      if (from.banned !== undefined || others.length === 0) continue;
      this.#doubts.believeOnly(from);
      return this.drop(held, others.map(({ index }) => index), false); // prettier-ignore
    }
    throw this.#hopeless(mismatch);
  }

  /** The digest fits: names who gave what was wrong, and stops asking them where there are others. */
  succeeded(held: HeldFile): void {
    const first = new Map<number, LandedPiece>();
    for (const { before } of this.#changes) if (!first.has(before.index)) first.set(before.index, before);
    const accused = new Set<string>();
    const accuse = (index: number, source: string): void => {
      if (accused.has(`${index} ${source}`)) return;
      accused.add(`${index} ${source}`);
      this.#accuse(index, source);
    };
    for (const { before, after } of this.#changes) {
      const last = held.landed.get(before.index);
      for (const piece of [first.get(before.index) ?? before, before, after])
        if (last !== undefined && !isSame(piece, last)) accuse(piece.index, piece.source);
    }
    for (const { index, source } of this.#doubts.contradicted()) accuse(index, source);
  }

  #accuse(index: number, source: string): void {
    const { emit } = this.#environment;
    const { path } = this.#task;
    const message = 'its bytes were not those that the digest stands for';
    emit({ type: 'piece.wrong', file: path, index, source, message });
    const liar = this.#sources.find((from) => from.source.id === source);
    if (liar === undefined) return;
    liar.state.wrongPieces += 1;
    const others = this.#sources.filter((from) => from !== liar && from.banned === undefined);
    if (others.length === 0 || liar.state.banned !== undefined || this.#doubts.accusations.isSlip(index, source))
      return;
    const details = { path, algorithm: 'sha256', expected: 'another value', actual: 'bytes of its own', source };
    const error = new SluiceError('DIGEST_MISMATCH', details);
    liar.state.banned = error;
    emit({ type: 'source.banned', source, code: error.code, message: error.message });
  }

  /** Every piece is what its list says, and the whole is not: the disk has changed one, or the list is of another content. @throws SluiceError BAD_MANIFEST */
  async #wrongByList(held: HeldFile): Promise<number[]> {
    const wrong = await this.#wrongOnDisk(held);
    if (wrong !== undefined) return wrong;
    const reason = `its pieces of ${this.#task.path} are not those of the digest`;
    throw new SluiceError('BAD_MANIFEST', { host: 'a piece manifest', reason });
  }

  /** Of what earlier runs left, which nobody has looked at since. */
  async #wrongOfEarlier(held: HeldFile): Promise<number[] | undefined> {
    if (this.#checkedEarlier) return undefined;
    this.#checkedEarlier = true;
    return this.#unlike(held, [...held.landed.values()].filter(({ atMs }) => atMs < this.#startedAtMs)); // prettier-ignore
  }

  async #wrongOnDisk(held: HeldFile): Promise<number[] | undefined> {
    if (this.#checkedDisk) return undefined;
    this.#checkedDisk = true;
    return this.#unlike(held, [...held.landed.values()]);
  }

  async #unlike(held: HeldFile, pieces: readonly LandedPiece[]): Promise<number[] | undefined> {
    const wrong = pieces.length === 0 ? [] : this.#told(await held.unlike(pieces));
    return wrong.length === 0 ? undefined : wrong;
  }

  #told(wrong: readonly LandedPiece[]): number[] {
    const message = 'its bytes on disk are not those that arrived';
    for (const { index, source } of wrong)
      this.#environment.emit({ type: 'piece.wrong', file: this.#task.path, index, source, message });
    return wrong.map(({ index }) => index);
  }

  #adopted(held: HeldFile): number[] | undefined {
    const adopted = [...held.landed.values()].filter(({ source }) => source === 'local');
    return adopted.length === 0 ? undefined : adopted.map(({ index }) => index);
  }

  #hopeless(mismatch: NonNullable<Verdict['mismatch']>): SluiceError {
    return new SluiceError('DIGEST_MISMATCH', { path: this.#task.path, ...mismatch });
  }
}

function isSame(left: LandedPiece, right: LandedPiece): boolean {
  return left.digest === right.digest;
}
