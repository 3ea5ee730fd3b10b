import { open, type FileHandle } from 'node:fs/promises';
import { SluiceError, toSluiceError } from '../base/index.js';
import type { Span } from '../hubs/index.js';
import { Intervals } from './intervals.js';

/** What is read at once. */
const READ_BYTES = 256 * 1024;
/** So much of the end of a file goes out only when all of it is proven: whoever reads it to the end has read what is right. */
const HELD_BACK_BYTES = 64 * 1024;

/** A file on its way in, and those who read it meanwhile. */
export class Fill {
  readonly #sizeBytes: number;
  readonly #dataPath: string;
  readonly #landed = new Intervals();
  readonly #waiting = new Set<() => void>();
  /** Told of spans that were read before they turned out wrong. */
  readonly #readers = new Set<{ readonly span: Span; fail: (error: SluiceError) => void }>();
  #error: SluiceError | undefined;
  #isProven = false;

  constructor(sizeBytes: number, dataPath: string) {
    this.#sizeBytes = sizeBytes;
    this.#dataPath = dataPath;
  }

  /** All of it is here and right. */
  proven(): void {
    this.#isProven = true;
    this.landed(0, this.#sizeBytes);
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

  /** A span that had landed is not what it should be. Whoever reads behind it may have begun before it, with another request. */
  revoked(startByte: number, endByte: number, error: SluiceError): void {
    this.#landed.remove(startByte, endByte);
    for (const { span, fail } of this.#readers) if (span.endByte > startByte) fail(error);
    this.#wake();
  }

  /** `provenPath` tells where the bytes are once they are proven. */
  async *read(span: Span, provenPath: Promise<string>, signal: AbortSignal): AsyncGenerator<Buffer> {
    let failure: SluiceError | undefined;
    const reader = {
      span: { startByte: span.startByte, endByte: span.startByte },
      fail: (error: SluiceError) => (failure = error),
    };
    this.#readers.add(reader);
    let file: FileHandle | undefined;
    try {
      for (let at = span.startByte; at < span.endByte;) {
        const reach = await this.#reachFrom(at, signal, () => failure);
        file ??= await this.#open(provenPath);
        const wanted = Math.min(reach, span.endByte, at + READ_BYTES) - at;
        const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
        if (failure !== undefined) throw failure;
        if (bytesRead === 0) throw new SluiceError('FILE_SYSTEM', { path: this.#dataPath, reason: 'it ended early' });
        at += bytesRead;
        reader.span = { startByte: span.startByte, endByte: at };
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      this.#readers.delete(reader);
      await file?.close();
    }
  }

  async #reachFrom(at: number, signal: AbortSignal, failure: () => SluiceError | undefined): Promise<number> {
    for (;;) {
      const error = failure() ?? this.#error;
      if (error !== undefined) throw error;
      if (signal.aborted) throw new SluiceError('INTERRUPTED');
      const last = this.#isProven ? this.#sizeBytes : this.#sizeBytes - HELD_BACK_BYTES;
      const reach = Math.min(this.#landed.reachFrom(at), Math.max(last, 0));
      if (reach > at) return reach;
      await this.#change(signal);
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        this.#waiting.delete(over);
        signal.removeEventListener('abort', over);
        resolve();
      };
      this.#waiting.add(over);
      signal.addEventListener('abort', over, { once: true });
    });
  }

  async #open(provenPath: Promise<string>): Promise<FileHandle> {
    try {
      return await open(this.#isProven ? await provenPath : this.#dataPath, 'r');
    } catch (thrown) {
      // It was proven, and so renamed, in between.
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw toSluiceError(thrown);
      return open(await provenPath, 'r');
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
