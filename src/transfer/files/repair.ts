import { SluiceError } from '../../base/index.js';
import type { Verdict } from '../../proof/index.js';
import type { Environment } from '../environment.js';
import type { LandedPiece } from '../journal/journal.js';
import type { TransferTask } from '../port.js';
import type { FileSource } from '../request/file-source.js';
import type { HeldFile } from './held-file.js';
import { doubt, type Round } from './suspects.js';

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
  readonly #startedAtMs: number;
  #rounds: Generator<Round, void> | undefined;
  #checkedDisk = false;
  #again = new Map<number, LandedPiece>();
  #changes: Change[] = [];
  #unproven = false;
  /** The only source to ask while a round is on. */
  only: string | undefined;

  constructor(environment: Environment, task: TransferTask, sources: readonly FileSource[]) {
    this.#environment = environment;
    this.#task = task;
    this.#sources = sources;
    this.#startedAtMs = Date.now();
  }

  /** Whether the whole file has to be hashed again, now that all pieces have landed: not when a round brought nothing new. */
  get needsProof(): boolean {
    return this.#rounds === undefined || this.#unproven;
  }

  /** Whether the digest ever did not fit. */
  get wasNeeded(): boolean {
    return this.#checkedDisk;
  }

  /** A piece landed, perhaps one that is being fetched once more. */
  noteLanded(after: LandedPiece): void {
    const before = this.#again.get(after.index);
    if (before === undefined) return;
    this.#again.delete(after.index);
    if (before.sha256 === after.sha256) return;
    this.#changes.push({ before, after });
    this.#unproven = true;
  }

  /**
   * The digest does not fit: frees the next pieces in doubt.
   * @throws SluiceError DIGEST_MISMATCH when everybody gave the same bytes twice
   */
  async next(held: HeldFile, mismatch: NonNullable<Verdict['mismatch']>): Promise<void> {
    this.#unproven = false;
    const known = (await this.#wrongOnDisk(held)) ?? this.#adopted(held);
    if (known !== undefined) {
      await held.drop(known.map(({ index }) => index));
      return;
    }
    const able = this.#sources.filter((from) => from.banned === undefined).map((from) => from.source.id);
    this.#rounds ??= doubt(held.landed, able, this.#startedAtMs);
    const round = this.#rounds.next();
    if (round.done === true) throw this.#hopeless(mismatch);
    this.only = round.value.source;
    for (const index of round.value.indexes) {
      const piece = held.landed.get(index);
      if (piece !== undefined) this.#again.set(index, piece);
    }
    await held.drop(round.value.indexes);
  }

  /** The digest fits: names who gave what was wrong, and stops asking them where there are others. */
  succeeded(): void {
    this.only = undefined;
    const first = new Map<number, Change>();
    for (const change of this.#changes) if (!first.has(change.after.index)) first.set(change.after.index, change);
    const last = new Map(this.#changes.map((change) => [change.after.index, change.after]));
    for (const { before } of first.values()) {
      if (last.get(before.index)?.sha256 === before.sha256) continue;
      this.#accuse(before, 'its bytes were not those that the digest stands for');
    }
  }

  #accuse(piece: LandedPiece, message: string): void {
    const { emit } = this.#environment;
    emit({ type: 'piece.wrong', file: this.#task.path, index: piece.index, source: piece.source, message });
    const liar = this.#sources.find((from) => from.source.id === piece.source);
    if (liar === undefined) return;
    liar.state.wrongPieces += 1;
    const others = this.#sources.filter((from) => from !== liar && from.banned === undefined);
    if (others.length === 0 || liar.state.banned !== undefined) return;
    const { path } = this.#task;
    const error = new SluiceError('DIGEST_MISMATCH', {
      path,
      algorithm: 'sha256',
      expected: 'another value',
      actual: piece.sha256,
      source: piece.source,
    });
    liar.state.banned = error;
    emit({ type: 'source.banned', source: piece.source, code: error.code, message: error.message });
  }

  async #wrongOnDisk(held: HeldFile): Promise<LandedPiece[] | undefined> {
    if (this.#checkedDisk) return undefined;
    this.#checkedDisk = true;
    const wrong = await held.unlike([...held.landed.values()]);
    const { emit } = this.#environment;
    for (const { index, source } of wrong)
      emit({
        type: 'piece.wrong',
        file: this.#task.path,
        index,
        source,
        message: 'its bytes on disk are not those that arrived',
      });
    return wrong.length === 0 ? undefined : wrong;
  }

  #adopted(held: HeldFile): LandedPiece[] | undefined {
    const adopted = [...held.landed.values()].filter(({ source }) => source === 'local');
    return adopted.length === 0 ? undefined : adopted;
  }

  #hopeless(mismatch: NonNullable<Verdict['mismatch']>): SluiceError {
    return new SluiceError('DIGEST_MISMATCH', { path: this.#task.path, ...mismatch });
  }
}
