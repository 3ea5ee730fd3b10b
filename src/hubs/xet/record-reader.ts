import type { SluiceError } from '../../base/index.js';
import { readChunkHeader, recordBytes, type ChunkHeader } from './codec/chunk.js';
import { PLACEMENT_NUMBERS, type Batch } from './decode/batch.js';
import { BATCH_BYTES, BATCH_CHUNKS, BATCH_RAW_BYTES, CHUNK_HEADER_BYTES } from './limits.js';
import type { Fetch, Use } from './plan.js';
import type { ByteSpan } from './port.js';
import type { Refuse } from './wire.js';

/** Records of a batch that follow one another in the file too. */
export interface Run {
  /** The first of them, counted in the batch. */
  readonly record: number;
  readonly count: number;
  readonly position: number;
}

/** A batch on its way to a decoding thread, and what its owner needs to make sense of the answer. */
export interface ReadBatch {
  readonly batch: Batch;
  /** Index in the xorb of its first record. */
  readonly firstChunk: number;
  readonly lengths: Uint32Array;
  readonly runs: readonly Run[];
}

/** A use that takes chunks at the moment. */
interface Taking {
  readonly use: Use;
  /** Where the next chunk belongs. */
  position: number;
  /** Since the batch began. */
  runRecord: number;
  runPosition: number;
}

export interface ReaderOptions {
  readonly fetch: Fetch;
  /** Only bytes within are placed. */
  readonly span: ByteSpan;
  lend(): SharedArrayBuffer;
  /** Takes a batch; a promise holds the bytes back. */
  submit(batch: ReadBatch): Promise<void> | undefined;
  readonly refuse: Refuse;
}

/**
 * Cuts the bytes of a xorb range, as they come, into batches of whole records, and says for each record where in the file it belongs. Headers are
 * checked here, payloads by whoever decodes. Holds one batch.
 */
export class RecordReader {
  readonly #options: ReaderOptions;
  readonly #end: number;
  /** Lent when bytes come: whoever waits for the decoders holds none. */
  #memory: SharedArrayBuffer | undefined;
  #filled = 0;
  /** Where the record begins that is not whole yet. */
  #scanned = 0;
  #header: ChunkHeader | undefined;
  #chunk: number;
  #batchChunk: number;
  #rawBytes = 0;
  #lengths: number[] = [];
  #placements: number[] = [];
  #runs: Run[] = [];
  readonly #later: Use[];
  #taking: Taking[] = [];

  constructor(options: ReaderOptions) {
    this.#options = options;
    const { chunks } = options.fetch.range;
    this.#chunk = chunks.start;
    this.#batchChunk = chunks.start;
    this.#end = chunks.end;
    this.#later = [...options.fetch.uses].reverse();
  }

  /** Where the bytes that come next may land: `push` is then given what was filled of it. */
  room(): Buffer {
    return Buffer.from(this.#held(), this.#filled, this.#wanted() - this.#filled);
  }

  /** Takes a copy of what did not land in `room`. A promise holds the next bytes back. @throws what `refuse` makes, for records that are not those which were asked for */
  push(chunk: Uint8Array): Promise<void> | undefined {
    let pause: Promise<void> | undefined;
    let rest = chunk;
    if (this.#memory !== undefined && chunk.buffer === this.#memory) {
      this.#filled += chunk.length;
      while (this.#scan()) pause = this.#cut();
      return pause;
    }
    while (rest.length > 0) {
      const room = this.room();
      const taken = Math.min(rest.length, room.length);
      room.set(rest.subarray(0, taken));
      this.#filled += taken;
      rest = rest.subarray(taken);
      while (this.#scan()) pause = this.#cut();
    }
    return pause;
  }

  /** All bytes were pushed. @throws what `refuse` makes when records are missing */
  end(): void {
    const { refuse } = this.#options;
    if (this.#filled > this.#scanned) throw refuse(`chunk ${this.#chunk} of the xorb ends early`);
    if (this.#chunk < this.#end) throw refuse(`chunks ${this.#chunk}-${this.#end - 1} of the xorb are missing`);
    if (this.#lengths.length > 0) void this.#cut();
  }

  /** The memory that it holds, if any, once nothing is pushed any more. */
  release(): SharedArrayBuffer | undefined {
    return this.#memory;
  }

  /** Up to where this memory is filled next: a batch's worth, and no further than the record that crosses it. */
  #wanted(): number {
    const recordEnd = this.#scanned + (this.#header === undefined ? CHUNK_HEADER_BYTES : recordBytes(this.#header));
    return Math.max(BATCH_BYTES, recordEnd);
  }

  /** Takes whole records up; gives whether the batch is to be cut now, else more bytes are needed. */
  #scan(): boolean {
    for (;;) {
      if (this.#header === undefined) {
        if (this.#filled - this.#scanned < CHUNK_HEADER_BYTES) return false;
        this.#header = this.#readHeader();
      }
      const header = this.#header;
      if (this.#lengths.length > 0 && this.#rawBytes + header.rawBytes > BATCH_RAW_BYTES) return true;
      if (this.#filled - this.#scanned < recordBytes(header)) return false;
      this.#take(header);
      if (this.#scanned >= BATCH_BYTES || this.#lengths.length >= BATCH_CHUNKS) return true;
    }
  }

  #held(): SharedArrayBuffer {
    return (this.#memory ??= this.#options.lend());
  }

  #readHeader(): ChunkHeader {
    const { refuse } = this.#options;
    if (this.#chunk >= this.#end) throw refuse('more chunks of the xorb than asked for');
    const header = readChunkHeader(Buffer.from(this.#held(), this.#scanned, CHUNK_HEADER_BYTES), 0);
    if (typeof header === 'string') throw refuse(`${header} (number ${this.#chunk} of the xorb)`);
    return header;
  }

  #take(header: ChunkHeader): void {
    const record = this.#lengths.length;
    for (let next = this.#later.at(-1); next?.term.chunks.start === this.#chunk; next = this.#later.at(-1)) {
      this.#later.pop();
      this.#taking.push({ use: next, position: next.position, runRecord: record, runPosition: next.position });
    }
    this.#lengths.push(header.rawBytes);
    for (const taking of this.#taking) {
      const { use } = taking;
      // Checked before anything is placed: what lies behind the term may have come already.
      if (taking.position + header.rawBytes > use.position + use.term.rawBytes)
        throw this.#misfit(taking, header.rawBytes);
      this.#place(record, taking.position, header.rawBytes);
      taking.position += header.rawBytes;
    }
    this.#chunk += 1;
    if (this.#taking.some(({ use }) => use.term.chunks.end === this.#chunk)) this.#leaveEnded(record + 1);
    this.#rawBytes += header.rawBytes;
    this.#scanned += recordBytes(header);
    this.#header = undefined;
  }

  #place(record: number, position: number, rawBytes: number): void {
    const { startByte, endByte } = this.#options.span;
    const from = Math.max(position, startByte);
    const to = Math.min(position + rawBytes, endByte);
    if (from < to) this.#placements.push(record, from - position, to - from, from);
  }

  #leaveEnded(records: number): void {
    this.#taking = this.#taking.filter((taking) => {
      const { term, position } = taking.use;
      if (term.chunks.end > this.#chunk) return true;
      if (taking.position !== position + term.rawBytes) throw this.#misfit(taking, 0);
      this.#noteRun(taking, records);
      return false;
    });
  }

  #misfit({ use, position }: Taking, moreBytes: number): SluiceError {
    const rawBytes = position + moreBytes - use.position;
    return this.#options.refuse(`a term of ${use.term.rawBytes} bytes whose chunks have ${rawBytes}`);
  }

  #noteRun(taking: Taking, records: number): void {
    const { runRecord, runPosition } = taking;
    if (records > runRecord) this.#runs.push({ record: runRecord, count: records - runRecord, position: runPosition });
  }

  #cut(): Promise<void> | undefined {
    const count = this.#lengths.length;
    for (const taking of this.#taking) {
      this.#noteRun(taking, count);
      taking.runRecord = 0;
      taking.runPosition = taking.position;
    }
    const bytes = this.#held();
    const lengthBytes = this.#scanned;
    const left = Buffer.from(bytes, lengthBytes, this.#filled - lengthBytes);
    this.#memory = undefined;
    this.#filled = 0;
    this.#scanned = 0;
    if (left.length > 0) this.#filled = left.copy(this.room());
    const read: ReadBatch = {
      batch: {
        bytes,
        lengthBytes,
        count,
        placements: inFileOrder(this.#placements),
      },
      firstChunk: this.#batchChunk,
      lengths: Uint32Array.from(this.#lengths),
      runs: this.#runs,
    };
    this.#batchChunk = this.#chunk;
    this.#lengths = [];
    this.#placements = [];
    this.#runs = [];
    this.#rawBytes = 0;
    return this.#options.submit(read);
  }
}

/** Placements as the file has them: where a xorb's chunks serve several terms, they come interleaved. */
function inFileOrder(placements: readonly number[]): Float64Array {
  const flat = Float64Array.from(placements);
  const count = flat.length / PLACEMENT_NUMBERS;
  const position = (index: number): number => flat[index * PLACEMENT_NUMBERS + 3] ?? 0;
  let isOrdered = true;
  for (let index = 1; index < count; index += 1) if (position(index) < position(index - 1)) isOrdered = false;
  if (isOrdered) return flat;
  const order = Array.from({ length: count }, (_, index) => index).sort((a, b) => position(a) - position(b));
  return Float64Array.from(
    order.flatMap((index) => [...flat.subarray(index * PLACEMENT_NUMBERS, (index + 1) * PLACEMENT_NUMBERS)]),
  );
}
