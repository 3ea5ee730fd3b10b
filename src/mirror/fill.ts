import { open, type FileHandle } from 'node:fs/promises';
import { SluiceError, toSluiceError } from '../base/index.js';
import type { Span } from '../hubs/index.js';
import { isIntact } from '../proof/index.js';
import type { Demand, LandedPieces, Wanted } from '../transfer/index.js';
import { PATIENCE_MS } from './in-time.js';
import { Intervals } from './intervals.js';
import { isWorthAll, spansOf, withReadAhead, type Reading } from './wanted-spans.js';

/** What is read at once. */
const READ_BYTES = 256 * 1024;
/** So much of the end of a file that is fetched whole goes out only when all of it is proven: whoever reads it to the end has read what is right. */
const HELD_BACK_BYTES = 64 * 1024;
/** So often whoever waits for these bytes only because the file is not proven yet gets one of them: others would take the silence for the end. */
const DRIP_MS = 5000;
/** A piece that came, or was compared with its digest, is sent without that for so long, as those of blobs are. */
const CHECKED_FOR_MS = 3_600_000;

const PATIENCE = { silentMs: PATIENCE_MS, dripMs: DRIP_MS };

export interface FillOptions {
  readonly sizeBytes: number;
  readonly dataPath: string;
  /** Makes room for so many bytes more; false when there is none. */
  readonly makeRoom: (bytes: number) => Promise<boolean>;
  /** Nobody reads of it any more, and nobody wants the rest of it. */
  readonly onIdle: () => void;
  /** What was read may have been wrong. */
  readonly onDoubt: () => void;
  /** In milliseconds, where it is not as everywhere; for tests. */
  readonly patience?: { readonly silentMs: number; readonly dripMs: number };
}

/** Somebody who reads. */
interface Reader extends Reading {
  atByte: number;
  isWaiting: boolean;
  /** What it has read. */
  span: Span;
  /** Told of what was read before it turned out wrong. */
  fail: (error: SluiceError) => void;
}

/** A file on its way in as far as it is asked for, and those who read it meanwhile. */
export class Fill implements Demand {
  readonly #options: FillOptions;
  readonly #landed = new Intervals();
  readonly #asked = new Intervals();
  readonly #waiting = new Set<() => void>();
  readonly #readers = new Set<Reader>();
  #pieceBytes = 0;
  #pieces: LandedPieces | undefined;
  /** When a piece was right, by `performance.now()`. */
  readonly #rightAtMs = new Map<number, number>();
  #roomBytes = 0;
  #making: Promise<unknown> = Promise.resolve();
  #isAll = false;
  #error: SluiceError | undefined;
  /** Nothing of it has to be held back. */
  #isVerified = false;
  /** It is where proven files are. */
  #isProven = false;
  #tell: () => void = () => undefined;

  constructor(options: FillOptions) {
    this.#options = options;
  }

  /** Whether nobody reads of it, and it need not come to its end. */
  get isIdle(): boolean {
    return this.#readers.size === 0 && !this.#isAll;
  }

  get heldBytes(): number {
    return this.#landed.bytes;
  }

  /** Whether all of it is here and right, be it without a name yet. */
  get isVerified(): boolean {
    return this.#isVerified;
  }

  /** Whether all of a span is there. */
  has({ startByte, endByte }: Span): boolean {
    return startByte >= endByte || this.#landed.reachFrom(startByte) >= endByte;
  }

  /** Whether what is missing of a span is on its way, as others asked for it. */
  isFetching({ startByte, endByte }: Span): boolean {
    if (this.#isAll) return true;
    const missing = this.#landed.reachFrom(startByte);
    return missing < endByte && this.#asked.reachFrom(missing) >= endByte;
  }

  wanted(): Wanted {
    const readings: Reading[] = [];
    for (const { atByte, endByte, isWaiting } of this.#readers)
      readings.push({ atByte: this.#landed.reachFrom(atByte), endByte, isWaiting });
    return { isAll: this.#isAll, spans: spansOf(readings) };
  }

  listen(listener: () => void): void {
    this.#tell = listener;
  }

  opened(pieceBytes: number, held: readonly Span[], pieces: LandedPieces): void {
    this.#pieceBytes = pieceBytes;
    this.#pieces = pieces;
    // Nobody has looked at what an earlier run left.
    this.#rightAtMs.clear();
    const lost = new Intervals();
    for (const { startByte, endByte } of this.#landed.spans()) lost.add(startByte, endByte);
    for (const { startByte, endByte } of held) lost.remove(startByte, endByte);
    const changed = new SluiceError('BAD_RESPONSE', { host: 'its source', reason: 'the file changed meanwhile' });
    if (lost.bytes > 0) this.#options.onDoubt();
    for (const { startByte, endByte } of lost.spans()) this.#revoke(startByte, endByte, changed);
    for (const { startByte, endByte } of held) this.#landed.add(startByte, endByte);
    this.#wake();
  }

  arrived({ startByte, endByte }: Span): void {
    this.landed(startByte, endByte);
  }

  withdrawn({ startByte, endByte }: Span): void {
    this.#options.onDoubt();
    const reason = 'what had come of a piece is fetched anew';
    this.#revoke(startByte, endByte, new SluiceError('BAD_RESPONSE', { host: 'its source', reason }));
    this.#wake();
  }

  verified(): void {
    this.#isVerified = true;
    this.#wake();
  }

  /** All of it is here and right, and has its name. */
  proven(): void {
    this.#isVerified = true;
    this.#isProven = true;
    this.landed(0, this.#options.sizeBytes);
  }

  /** It cannot be had. */
  failed(error: SluiceError): void {
    this.#error = error;
    this.#wake();
  }

  landed(startByte: number, endByte: number): void {
    this.#landed.add(startByte, endByte);
    this.#wake();
  }

  /** A piece came just now. */
  pieceLanded(index: number, { startByte, endByte }: Span): void {
    this.#rightAtMs.set(index, performance.now());
    this.landed(startByte, endByte);
  }

  /** A piece is not what it should be. Whoever reads behind it may have begun before it, with another request. False when it had not landed. */
  revoked(index: number, error: SluiceError): boolean {
    // What does not come in pieces comes as one.
    const pieceBytes = this.#pieceBytes || this.#options.sizeBytes;
    const startByte = index * pieceBytes;
    const endByte = Math.min(startByte + pieceBytes, this.#options.sizeBytes);
    if (this.#landed.reachFrom(startByte) === startByte) return false;
    this.#revoke(startByte, endByte, error);
    this.#wake();
    return true;
  }

  /**
   * `provenPath` tells where the bytes are once they are proven. Whoever reads gets bytes or an error before clients give up; the file itself goes on coming.
   * @throws SluiceError STALLED when none came for that long, INTERRUPTED, and why it cannot be had
   */
  async *read(span: Span, provenPath: Promise<string>, signal: AbortSignal): AsyncGenerator<Buffer> {
    let failure: SluiceError | undefined;
    const { startByte, endByte } = span;
    const reader: Reader = {
      atByte: startByte,
      endByte: withReadAhead(this.#options.sizeBytes, span).endByte,
      isWaiting: true,
      span: { startByte, endByte: startByte },
      fail: (error) => (failure = error),
    };
    let file: FileHandle | undefined;
    let ahead: Promise<Buffer> | undefined;
    try {
      await this.#enter(reader, span);
      for (let at = startByte; at < endByte;) {
        const reach = ahead === undefined ? await this.#reachFrom(reader, signal, () => failure) : at;
        file ??= await this.#open(provenPath);
        const bytes = await (ahead ?? this.#readBlock(file, reader, at, Math.min(reach, endByte)));
        this.#assertGoesOn(failure, signal);
        at += bytes.length;
        reader.atByte = at;
        // The next block is read while this one is sent.
        const next = Math.min(this.#readableFrom(at), endByte);
        ahead = next > at ? this.#readBlock(file, reader, at, next) : undefined;
        // It may fail while nobody waits for it.
        ahead?.catch(() => undefined);
        if (bytes.length > 0) yield bytes;
      }
    } finally {
      this.#leave(reader);
      await ahead?.catch(() => undefined);
      await file?.close();
    }
  }

  #assertGoesOn(failure: SluiceError | undefined, signal: AbortSignal): void {
    const error = failure ?? this.#error;
    if (error !== undefined) throw error;
    if (signal.aborted) throw new SluiceError('INTERRUPTED');
  }

  /** Bytes from `at` on, no further than `reach`; none where they have to be waited for after all. Whoever is given them counts as having read them. */
  async #readBlock(file: FileHandle, reader: Reader, at: number, reach: number): Promise<Buffer> {
    reader.span = { ...reader.span, endByte: Math.min(reach, at + READ_BYTES) };
    const wanted = Math.min(reader.span.endByte, await this.#check(file.fd, at)) - at;
    if (wanted <= 0) return Buffer.alloc(0);
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
    if (bytesRead === 0)
      throw new SluiceError('FILE_SYSTEM', { path: this.#options.dataPath, reason: 'it ended early' });
    return buffer.subarray(0, bytesRead);
  }

  /** @throws SluiceError DISK_FULL when there is no room for what it wants */
  async #enter(reader: Reader, span: Span): Promise<void> {
    const { sizeBytes } = this.#options;
    // It is here from now on, so that the file is not given up meanwhile, and wants nothing yet.
    const { endByte } = reader;
    this.#readers.add(Object.assign(reader, { endByte: reader.atByte }));
    this.#asked.add(span.startByte, span.endByte);
    const isAll = this.#isAll || isWorthAll(sizeBytes, span, this.#asked.bytes);
    const askedBytes = this.#asked.bytes + endByte - span.endByte;
    const made = this.#making.then(() => this.#makeRoom(isAll ? sizeBytes : Math.min(sizeBytes, askedBytes)));
    this.#making = made.catch(() => undefined);
    await made;
    this.#isAll ||= isAll;
    Object.assign(reader, { endByte });
    this.#tell();
  }

  async #makeRoom(bytes: number): Promise<void> {
    const lackBytes = bytes - this.#roomBytes;
    if (lackBytes <= 0) return;
    if (!(await this.#options.makeRoom(lackBytes)))
      throw new SluiceError('DISK_FULL', { path: this.#options.dataPath, reason: 'the mirror may not take more' });
    this.#roomBytes = bytes;
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader);
    if (!this.#isAll) this.#tell();
    if (this.isIdle) this.#options.onIdle();
  }

  async #reachFrom(reader: Reader, signal: AbortSignal, failure: () => SluiceError | undefined): Promise<number> {
    const { sizeBytes, patience = PATIENCE } = this.#options;
    const at = reader.atByte;
    const sinceMs = performance.now();
    for (;;) {
      const error = failure() ?? this.#error;
      if (error !== undefined) throw error;
      if (signal.aborted) throw new SluiceError('INTERRUPTED');
      const landed = this.#landed.reachFrom(at);
      const reach = this.#readableFrom(at);
      if (reach > at) {
        reader.isWaiting = false;
        return reach;
      }
      const waitedMs = performance.now() - sinceMs;
      if (landed === at) {
        if (waitedMs >= patience.silentMs)
          throw new SluiceError('STALLED', { host: 'the upstream', seconds: Math.round(waitedMs / 1000) });
        reader.isWaiting = true;
        this.#tell();
      } else if (waitedMs >= patience.dripMs && at + 1 < Math.min(landed, sizeBytes)) return at + 1;
      await this.#change(signal, (landed === at ? patience.silentMs : patience.dripMs) - waitedMs);
    }
  }

  /** Up to where bytes may go out now; no further than `at` where none may. */
  #readableFrom(at: number): number {
    const { sizeBytes } = this.#options;
    const isFree = this.#isVerified || !this.#isAll;
    return Math.min(this.#landed.reachFrom(at), isFree ? sizeBytes : Math.max(0, sizeBytes - HELD_BACK_BYTES));
  }

  /** Up to where bytes may be sent as far as the disk goes: to the end of their piece. @throws SluiceError CORRUPT_STORE where the disk changed it since it came */
  async #check(fd: number, at: number): Promise<number> {
    if (this.#pieceBytes === 0) return Infinity;
    const index = Math.floor(at / this.#pieceBytes);
    const startByte = index * this.#pieceBytes;
    const endByte = Math.min(startByte + this.#pieceBytes, this.#options.sizeBytes);
    const digest = this.#pieces?.digestOf(index);
    const rightAtMs = this.#rightAtMs.get(index) ?? -Infinity;
    if (performance.now() - rightAtMs < CHECKED_FOR_MS) return endByte;
    // A part of a piece, or one that another reader has just found wrong.
    if (digest === undefined) return this.#landed.reachFrom(at);
    if (!(await isIntact(fd, { startByte, endByte, digest }))) {
      // It may have been fetched anew meanwhile. It was right when others read of it.
      if (this.#pieces?.digestOf(index) === digest) {
        this.#landed.remove(startByte, endByte);
        this.#pieces.distrust(index);
      }
      throw new SluiceError('CORRUPT_STORE', { count: 1, total: 1 });
    }
    this.#rightAtMs.set(index, performance.now());
    return endByte;
  }

  /** Until something changed, or so long. */
  #change(signal: AbortSignal, mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(late);
        this.#waiting.delete(over);
        signal.removeEventListener('abort', over);
        resolve();
      };
      const late = setTimeout(over, Math.max(1, mostMs));
      this.#waiting.add(over);
      signal.addEventListener('abort', over, { once: true });
      if (signal.aborted) over();
    });
  }

  async #open(provenPath: Promise<string>): Promise<FileHandle> {
    try {
      return await open(this.#isProven ? await provenPath : this.#options.dataPath, 'r');
    } catch (thrown) {
      // It was proven, and so renamed, in between.
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw toSluiceError(thrown);
      return open(await provenPath, 'r');
    }
  }

  #revoke(startByte: number, endByte: number, error: SluiceError): void {
    this.#landed.remove(startByte, endByte);
    for (const { span, fail } of this.#readers) if (span.endByte > startByte) fail(error);
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
