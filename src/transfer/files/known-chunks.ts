import { SluiceError } from '../../base/index.js';
import type { Spans } from '../../hubs/index.js';
import type { Verdict } from '../../proof/index.js';
import type { Environment } from '../environment.js';
import type { LandedPiece } from '../journal/journal.js';
import { hasOther, type FileSource } from '../request/file-source.js';

/** A file of which so much is here in others comes from whoever knows where, as long as that works. */
const PREFERRED_SHARE = 1 / 8;
/** What is here is looked for before the first byte is asked for, but the file does not wait longer for that. */
const LOOK_MS = 3000;
/** The check that a file's chunks give its id. */
const CHECK = 'xet';

interface BySpans {
  readonly from: FileSource;
  readonly spans: Spans;
}

/** What is known of a file's chunks, where one of its sources brings it in such: which of them are here, and what they are all together. */
export class KnownChunks {
  readonly #environment: Environment;
  readonly #path: string;
  readonly #sources: readonly FileSource[];
  readonly #bySpans: BySpans | undefined;
  #isPreferred = false;
  #isProven = false;

  constructor(environment: Environment, path: string, sources: readonly FileSource[]) {
    this.#environment = environment;
    this.#path = path;
    this.#sources = sources;
    const from = sources.find(({ source }) => source.spans !== undefined);
    const spans = from?.source.spans;
    this.#bySpans = from === undefined || spans === undefined ? undefined : { from, spans };
  }

  /** Looks for chunks that are here. Never rejects: without an answer all are fetched. */
  async look(sizeBytes: number): Promise<void> {
    const { signal } = this.#environment;
    if (this.#bySpans === undefined) return;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]);
    const bytes = await this.#bySpans.spans.look(limit).catch(() => 0);
    this.#isPreferred = bytes >= sizeBytes * PREFERRED_SHARE;
  }

  /**
   * Whether this source may be asked: others would fetch what is here. Where nothing is, chunks are not asked for while those that came wait to be decoded
   * and there is somebody else: a plain byte costs half as much of this machine.
   */
  allows(from: FileSource): boolean {
    if (this.#bySpans === undefined) return true;
    const { from: preferred, spans } = this.#bySpans;
    if (!this.#isPreferred) return from !== preferred || spans.isBusy?.() !== true || !hasOther(this.#sources, from);
    const isUseless = preferred.banned !== undefined || preferred.state.banned !== undefined;
    return from === preferred || isUseless || preferred.state.health.isDegraded;
  }

  /**
   * All pieces have landed and `verdict` has nothing against them: its checks, and the file's id where all of it came in chunks. A wrong id is told, with
   * its evidence; it does not outweigh a digest that fits.
   * @throws SluiceError DIGEST_MISMATCH when nothing else identifies the content
   */
  async checks({ checks }: Verdict, landed: Iterable<LandedPiece>): Promise<readonly string[]> {
    if (this.#bySpans === undefined) return checks;
    const { from, spans } = this.#bySpans;
    const { id: source } = from.source;
    for (const piece of landed) if (piece.source !== source) return checks;
    const verdict = await spans.judge();
    this.#isProven = verdict.state === 'proven';
    if (verdict.state === 'proven') return [...checks, CHECK];
    if (verdict.state !== 'wrong') return checks;
    const { expected, actual } = verdict;
    const error = new SluiceError('DIGEST_MISMATCH', {
      path: this.#path,
      source,
      algorithm: 'the Xet file id',
      expected,
      actual,
    });
    if (checks.length === 0) throw error;
    this.#environment.emit({ type: 'notice', code: error.code, message: error.message });
    this.#bySpans.from.banned ??= error;
    return checks;
  }

  /** The content is in the store: what is where in it is worth knowing. Never rejects: that only saves bytes later. */
  async keep(sha256: string): Promise<void> {
    if (this.#bySpans?.from.banned !== undefined) return;
    await this.#bySpans?.spans.keep(sha256, this.#isProven).catch(() => undefined);
  }
}
