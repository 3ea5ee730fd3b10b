import { SluiceError, toSluiceError } from '../../base/index.js';
import { HASH_BYTES, hashText } from './codec/hash-text.js';
import { deliverParts } from './deliver-parts.js';
import { fetchXorb } from './fetch-xorb.js';
import { MAX_REFRESHES } from './limits.js';
import { PlanHolder } from './plan-holder.js';
import type { Fetch } from './plan.js';
import type { ByteSpan, XetProgress, XetTarget } from './port.js';
import { Prefix } from './prefix.js';
import { RecordReader, type ReadBatch } from './record-reader.js';
import type { XetCounters, XetFileOptions } from './xet-file.js';

export type Counters = { -readonly [Key in keyof XetCounters]: XetCounters[Key] };

/** One reconstruction's worth of a file. See `XetFile.fetchSpan`. */
export async function fetchSegment(
  options: XetFileOptions,
  counters: Counters,
  span: ByteSpan,
  target: XetTarget,
  progress: XetProgress,
  signal: AbortSignal,
): Promise<void> {
  const { access, fileId, path, source } = options;
  const plan = await PlanHolder.make({ access, fileId, path, source, span, signal });
  const segment = new Segment(options, counters, span, target, progress, plan, signal);
  await segment.run();
}

class Segment {
  readonly #options: XetFileOptions;
  readonly #counters: Counters;
  readonly #span: ByteSpan;
  readonly #target: XetTarget;
  readonly #progress: XetProgress;
  readonly #plan: PlanHolder;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  readonly #prefix: Prefix;
  readonly #decoding = new Set<Promise<void>>();
  #failure: SluiceError | undefined;
  #next = 0;

  constructor(
    options: XetFileOptions,
    counters: Counters,
    span: ByteSpan,
    target: XetTarget,
    progress: XetProgress,
    plan: PlanHolder,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#counters = counters;
    this.#span = span;
    this.#target = target;
    this.#progress = progress;
    this.#plan = plan;
    this.#signal = signal;
    this.#prefix = new Prefix(span.startByte);
  }

  async run(): Promise<void> {
    const end = (): void => this.#fail(new SluiceError('INTERRUPTED'));
    if (this.#signal.aborted) throw new SluiceError('INTERRUPTED');
    this.#signal.addEventListener('abort', end, { once: true });
    try {
      const lanes = Array.from({ length: this.#options.parallel ?? 1 }, () => this.#lane());
      await Promise.all(lanes);
      while (this.#decoding.size > 0) await Promise.all(this.#decoding);
    } finally {
      this.#signal.removeEventListener('abort', end);
    }
    this.#counters.renewals += this.#plan.renewals;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#prefix.endByte !== this.#span.endByte)
      throw new SluiceError('INTERNAL', { reason: 'a segment with a gap' });
  }

  /** Takes fetches until there are none, or one has failed. Never rejects. */
  async #lane(): Promise<void> {
    for (let index = this.#next; index < this.#plan.fetches.length; index = this.#next) {
      if (this.#failure !== undefined) return;
      this.#next += 1;
      try {
        await this.#fetch(index);
      } catch (thrown) {
        this.#fail(toSluiceError(thrown));
      }
    }
  }

  #fail(error: SluiceError): void {
    this.#failure ??= error;
    this.#ending.abort();
  }

  async #fetch(index: number): Promise<void> {
    const fetch = this.#plan.fetches[index];
    if (fetch === undefined) return;
    for (let tries = 0; ; tries += 1) {
      const range = this.#plan.rangeOf(index);
      try {
        this.#counters.xorbRequests += 1;
        await this.#receive({ ...fetch, range });
        return;
      } catch (thrown) {
        if (!(thrown instanceof SluiceError) || thrown.code !== 'EXPIRED' || tries >= MAX_REFRESHES) throw thrown;
        await this.#plan.renew(index, range);
      }
    }
  }

  async #receive(fetch: Fetch): Promise<void> {
    const { transport, gate, pool } = this.#options;
    const { host } = new URL(fetch.range.url);
    const reader = new RecordReader({
      fetch,
      span: this.#span,
      lend: () => pool.lend(),
      submit: (read) => this.#submit(fetch, read),
      refuse: (reason) => new SluiceError('BAD_RESPONSE', { host, reason: `${reason} (xorb ${fetch.xorb})` }),
    });
    try {
      await fetchXorb({
        transport,
        gate,
        range: fetch.range,
        signal: this.#ending.signal,
        room: () => reader.room(),
        onData: (chunk) => {
          this.#counters.wireBytes += chunk.length;
          const limit = this.#progress.received?.(chunk.length);
          const room = reader.push(chunk);
          return limit === undefined ? room : limit.then(() => room);
        },
      });
      reader.end();
    } finally {
      const memory = reader.release();
      if (memory !== undefined) pool.giveBack(memory);
    }
  }

  #submit(fetch: Fetch, read: ReadBatch): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const work = this.#decode(fetch, read).catch((thrown: unknown) => this.#fail(toSluiceError(thrown)));
    this.#decoding.add(work);
    void work.finally(() => this.#decoding.delete(work));
    return this.#options.pool.room();
  }

  async #decode(fetch: Fetch, read: ReadBatch): Promise<void> {
    const { pool } = this.#options;
    const decoded = await pool.decode(read.batch, 'fd' in this.#target ? this.#target : undefined);
    if ('fault' in decoded) {
      const { record, reason } = decoded.fault;
      const { host } = new URL(fetch.range.url);
      const chunk = read.firstChunk + record;
      throw new SluiceError('BAD_RESPONSE', { host, reason: `chunk ${chunk} of the xorb ${fetch.xorb} is ${reason}` });
    }
    this.#checkKnown(fetch, read, decoded.hashes);
    await deliverParts(decoded.parts, this.#target, () => {
      if (this.#failure !== undefined) throw this.#failure;
    });
    if (decoded.sums.length > 0) this.#progress.written?.(decoded.sums);
    this.#account(fetch, read, decoded.hashes);
  }

  #checkKnown(fetch: Fetch, read: ReadBatch, hashes: Uint8Array): void {
    const { known, path, source } = this.#options;
    if (known === undefined) return;
    for (let record = 0; record < read.batch.count; record += 1) {
      const chunk = read.firstChunk + record;
      const expected = known.expected(fetch.xorb, chunk);
      if (expected === undefined) continue;
      const actual = hashes.subarray(record * HASH_BYTES, (record + 1) * HASH_BYTES);
      if (Buffer.compare(expected, actual) !== 0)
        throw new SluiceError('DIGEST_MISMATCH', {
          path,
          source,
          algorithm: `the hash of chunk ${chunk} of the xorb ${fetch.xorb}`,
          expected: hashText(expected),
          actual: hashText(actual),
        });
      this.#counters.chunksKnown += 1;
    }
  }

  #account(fetch: Fetch, read: ReadBatch, hashes: Uint8Array): void {
    const { lengths, batch, runs } = read;
    this.#counters.chunks += batch.count;
    for (const rawBytes of lengths) this.#counters.decodedBytes += rawBytes;
    for (const { record, count, position } of runs)
      this.#progress.hashed?.({
        xorb: fetch.xorb,
        firstChunk: read.firstChunk + record,
        position,
        hashes: hashes.subarray(record * HASH_BYTES, (record + count) * HASH_BYTES),
        lengths: lengths.subarray(record, record + count),
      });
    let hasAdvanced = false;
    const { placements } = batch;
    for (let index = 0; index < placements.length; index += 4)
      if (this.#prefix.add(placements[index + 3] ?? 0, placements[index + 2] ?? 0)) hasAdvanced = true;
    if (hasAdvanced) this.#progress.advanced?.(this.#prefix.endByte);
  }
}
