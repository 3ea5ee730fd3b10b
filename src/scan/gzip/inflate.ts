import { Readable } from 'node:stream';
import { crc32, createInflate, createInflateRaw } from 'node:zlib';
import { FormatFault } from '../format-fault.js';
import type { ByteSource } from '../port.js';
import { sourceOfBuffer } from '../sources.js';

export type Packing = 'deflate' | 'zlib';

/** Unpacked bytes up to this are kept; more are unpacked again as they are read. */
export const KEPT_BYTES = 16 * 2 ** 20;
const READ_BYTES = 2 ** 20;
const KEPT_BEHIND_BYTES = 256 * 1024;
/** A reader that jumps back makes everything before be unpacked once more. */
const MOST_RESTARTS = 64;
const MOST_BYTES_FOR_EACH = 200;
const MOST_BYTES_ANYWAY = 100 * 2 ** 20;

/** What came of unpacking one stream. */
export interface Unpacked {
  /** As far as it could be unpacked. */
  readonly bytes: ByteSource;
  /** Of the packed bytes, those that the stream is made of. */
  readonly packedBytes: number;
  readonly crc32: number;
  /** Why it ends before its end: `broken` bytes, more than expected, or a `ratio` beyond all that is real. */
  readonly fault?: 'broken' | 'longer' | 'ratio';
}

/**
 * Unpacks one stream in bounded memory, which proves that it can be read: reading `bytes` fails only where `packed` does.
 * `mostBytes` unpacked: a stream that has more is cut there. `keptBytes`: what may stay in memory.
 */
export async function unpack(
  packed: ByteSource,
  packing: Packing,
  { mostBytes = Infinity, keptBytes = KEPT_BYTES }: { readonly mostBytes?: number; readonly keptBytes?: number } = {},
): Promise<Unpacked> {
  const parts: Buffer[] = [];
  let [sizeBytes, crc, packedBytes] = [0, 0, 0];
  let fault: Unpacked['fault'];
  const engine = engineOf(packing);
  const feeding = new Feeding(packed);
  try {
    for await (const part of feeding.through(engine)) {
      if (sizeBytes + part.length > mostBytes) fault = 'longer';
      const kept = fault === undefined ? part : part.subarray(0, mostBytes - sizeBytes);
      sizeBytes += kept.length;
      crc = crc32(kept, crc);
      if (sizeBytes <= keptBytes) parts.push(kept);
      else parts.length = 0;
      if (fault === undefined && isBomb(sizeBytes, engine.bytesWritten)) fault = 'ratio';
      if (fault !== undefined) break;
    }
    packedBytes = engine.bytesWritten;
  } catch (thrown) {
    feeding.rethrow();
    if (!isZlibError(thrown)) throw thrown;
    packedBytes = engine.bytesWritten;
    fault = 'broken';
  }
  const bytes =
    sizeBytes <= keptBytes ? sourceOfBuffer(Buffer.concat(parts)) : new UnpackedSource(packed, packing, sizeBytes);
  return { bytes, packedBytes, crc32: crc, ...(fault && { fault }) };
}

/** More than 100 MiB, and more than 200 times what it was made of. */
function isBomb(sizeBytes: number, packedBytes: number): boolean {
  return sizeBytes > MOST_BYTES_ANYWAY && sizeBytes > packedBytes * MOST_BYTES_FOR_EACH;
}

function engineOf(packing: Packing): ReturnType<typeof createInflateRaw> {
  return (packing === 'zlib' ? createInflate : createInflateRaw)({ chunkSize: 256 * 1024 });
}

function isZlibError(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('Z_');
}

/** Feeds an engine, and keeps apart why the packed bytes could not be had. */
class Feeding {
  private failure: { readonly reason: unknown } | undefined;

  constructor(private readonly packed: ByteSource) {}

  async *through(engine: ReturnType<typeof engineOf>): AsyncGenerator<Buffer> {
    const source = Readable.from(this.parts());
    source.once('error', (reason) => engine.destroy(reason));
    source.pipe(engine);
    try {
      yield* engine as AsyncIterable<Buffer>;
    } finally {
      source.destroy();
      engine.destroy();
    }
  }

  rethrow(): void {
    if (this.failure !== undefined) throw this.failure.reason;
  }

  private async *parts(): AsyncGenerator<Buffer> {
    try {
      yield* partsOf(this.packed);
    } catch (reason) {
      this.failure = { reason };
      throw reason;
    }
  }
}

/** All of some bytes, in order, 1 MiB at a time. The next are on their way while the caller works with one. */
export async function* partsOf(bytes: ByteSource): AsyncGenerator<Buffer> {
  const read = (at: number): Promise<Buffer> | undefined => {
    if (at >= bytes.sizeBytes) return undefined;
    const part = bytes.read(at, Math.min(READ_BYTES, bytes.sizeBytes - at));
    // Whoever stops early never asks what came of it.
    part.catch(() => undefined);
    return part;
  };
  let next = read(0);
  for (let at = READ_BYTES; next !== undefined; at += READ_BYTES) {
    const part = await next;
    next = read(at);
    yield part;
  }
}

/** The bytes of a stream that was unpacked before, unpacked again in the order in which they are read. */
class UnpackedSource implements ByteSource {
  private stream: AsyncGenerator<Buffer> | undefined;
  /** What was unpacked last, from `windowStartByte` on. */
  private window: Buffer = Buffer.alloc(0);
  private windowStartByte = 0;
  private restarts = 0;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly packed: ByteSource,
    private readonly packing: Packing,
    readonly sizeBytes: number,
  ) {}

  /** One reader at a time: they share the stream. */
  read(offset: number, length: number): Promise<Buffer> {
    const result = this.turn.then(() => this.readNow(offset, length));
    this.turn = result.catch(() => undefined);
    return result;
  }

  private async readNow(offset: number, length: number): Promise<Buffer> {
    if (offset < this.windowStartByte || this.stream === undefined) await this.restart();
    this.forget(offset - KEPT_BEHIND_BYTES);
    let parts = [this.window];
    let endByte = this.windowStartByte + this.window.length;
    while (endByte < offset + length) {
      const next = await this.stream?.next();
      // It was unpacked to its end before: only the packed bytes can have changed.
      if (next === undefined || next.done === true) throw new Error('packed bytes are not what they were');
      parts.push(next.value);
      endByte += next.value.length;
      if (endByte + KEPT_BEHIND_BYTES >= offset) continue;
      parts = [];
      this.windowStartByte = endByte;
    }
    this.window = parts.length === 1 ? (parts[0] ?? this.window) : Buffer.concat(parts);
    const start = offset - this.windowStartByte;
    return this.window.subarray(start, start + length);
  }

  private async restart(): Promise<void> {
    this.restarts += 1;
    if (this.restarts > MOST_RESTARTS) throw new FormatFault('LIMIT-HIT', 'packed bytes that are read back and forth');
    await this.stream?.return(undefined);
    this.stream = new Feeding(this.packed).through(engineOf(this.packing));
    this.windowStartByte = 0;
    this.window = Buffer.alloc(0);
  }

  private forget(beforeByte: number): void {
    const bytes = Math.min(this.window.length, Math.max(0, beforeByte - this.windowStartByte));
    // A copy: a view would keep all of the old window alive.
    if (bytes > KEPT_BEHIND_BYTES) this.window = Buffer.from(this.window.subarray(bytes));
    else return;
    this.windowStartByte += bytes;
  }
}
