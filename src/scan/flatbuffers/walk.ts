import { FormatFault } from '../format-fault.js';
import type { Span } from '../ledger.js';
import { MOST_FLATBUFFER_STEPS, MOST_FLATBUFFER_TABLES, MOST_FLATBUFFER_TEXT_BYTES } from '../limits.js';
import type { Attribution, ByteSource } from '../port.js';
import { FlatWindow } from './window.js';

/**
 * What a field of a table holds. Numbers: a scalar of so many bytes. `string`; the name of a table; `[n]`, `[string]`, `[Table]`: a vector of numbers of n bytes, of texts, of tables.
 * A union: in which field its type stands, and the tables by that number; of one that is not named, the table itself is known and what it leads to is not.
 */
export type FlatKind =
  number | string | { readonly typeField: number; readonly tables: Readonly<Record<number, string>> };
export type FlatSchema = Readonly<Record<string, Readonly<Record<number, FlatKind>>>>;

/** A table when all of its fields were read. */
export interface FlatTable {
  readonly type: string;
  readonly at: number;
  readonly texts: ReadonlyMap<number, string>;
  /** Scalars, without a sign. */
  readonly numbers: ReadonlyMap<number, number>;
}

export interface FlatWalk {
  readonly spans: readonly Span[];
}

/** A table of which nothing is known but that it is one. */
const OPAQUE = '';

/** Walks a flatbuffer from its root by a schema; each table is told once. @throws FormatFault FB-FAULT */
export async function walkFlatbuffer(
  bytes: ByteSource,
  schema: FlatSchema,
  root: string,
  tell: (table: FlatTable) => void,
): Promise<FlatWalk> {
  const walk = new Walk(new FlatWindow(bytes), schema, tell);
  await walk.from(root);
  return { spans: walk.spans };
}

class Walk {
  readonly spans: Span[] = [];
  private readonly seen = new Set<string>();
  private readonly queue: { readonly type: string; readonly at: number }[] = [];
  private steps = 0;

  constructor(
    private readonly window: FlatWindow,
    private readonly schema: FlatSchema,
    private readonly tell: (table: FlatTable) => void,
  ) {}

  async from(root: string): Promise<void> {
    this.claim(0, 8);
    this.later(root, await this.window.u32(0));
    // A queue: no depth of tables matters.
    for (let next = this.queue.pop(); next !== undefined; next = this.queue.pop()) await this.table(next.type, next.at);
  }

  private later(type: string, at: number): void {
    if (this.isNew(type, at)) this.queue.push({ type, at });
  }

  private async table(type: string, at: number): Promise<void> {
    const vtable = at - (await this.window.take(at, 4)).readInt32LE(0);
    const [vtableBytes, tableBytes] = [await this.window.u16(vtable), await this.window.u16(vtable + 2)];
    if (vtableBytes < 4 || vtableBytes % 2 !== 0 || tableBytes < 4)
      throw fault(`a table at ${at} of no possible shape`);
    this.claim(vtable, vtableBytes);
    this.claim(at, tableBytes);
    const entries = await this.window.take(vtable, vtableBytes);
    const places = new Map<number, number>();
    for (let field = 0; 4 + 2 * field < vtableBytes; field += 1) {
      const offset = entries.readUInt16LE(4 + 2 * field);
      if (offset !== 0 && (offset < 4 || offset >= tableBytes)) throw fault(`a field beyond its table at ${at}`);
      if (offset !== 0) places.set(field, offset);
    }
    const texts = new Map<number, string>();
    const numbers = new Map<number, number>();
    const scalar = async (field: number, width: number): Promise<number> => {
      const offset = places.get(field);
      if (offset === undefined) return 0;
      if (offset + width > tableBytes) throw fault(`a number beyond its table at ${at}`);
      const raw = await this.window.take(at + offset, width);
      if (width === 8) return Number(raw.readBigUInt64LE(0));
      return raw.readUIntLE(0, width);
    };
    for (const [key, kind] of Object.entries(this.schema[type] ?? {})) {
      const field = Number(key);
      const offset = places.get(field);
      if (offset === undefined) continue;
      if (typeof kind === 'number') {
        numbers.set(field, await scalar(field, kind));
        continue;
      }
      const place = at + offset + (await scalar(field, 4));
      if (typeof kind === 'object') {
        const member = await scalar(kind.typeField, 1);
        if (member !== 0) this.later(kind.tables[member] ?? OPAQUE, place);
      } else if (kind === 'string') texts.set(field, await this.text(place));
      else if (kind.startsWith('[')) await this.vector(kind.slice(1, -1), place);
      else this.later(kind, place);
    }
    this.tell({ type, at, texts, numbers });
  }

  private async vector(kind: string, at: number): Promise<void> {
    if (!this.isNew(`[${kind}`, at)) return;
    const count = await this.window.u32(at);
    const width = Number(kind);
    if (width > 0) {
      this.claim(at, 4 + count * width);
      return;
    }
    this.claim(at, 4 + count * 4);
    for (let index = 0; index < count; index += 1) {
      this.step();
      const from = at + 4 + index * 4;
      const place = from + (await this.window.u32(from));
      if (kind === 'string') await this.text(place);
      else this.later(kind, place);
    }
  }

  private async text(at: number): Promise<string> {
    this.step();
    const length = await this.window.u32(at);
    if (length > MOST_FLATBUFFER_TEXT_BYTES) throw fault(`a text of ${length} bytes at ${at}`);
    this.claim(at, 4 + length + 1);
    const bytes = await this.window.take(at + 4, length + 1);
    if (bytes[length] !== 0) throw fault(`a text without an end at ${at}`);
    return bytes.toString('utf8', 0, length);
  }

  private isNew(kind: string, at: number): boolean {
    const key = `${kind}@${at}`;
    if (this.seen.has(key)) return false;
    this.seen.add(key);
    if (this.seen.size > MOST_FLATBUFFER_TABLES) throw fault(`more than ${MOST_FLATBUFFER_TABLES} tables`);
    return true;
  }

  private step(): void {
    this.steps += 1;
    if (this.steps > MOST_FLATBUFFER_STEPS) throw fault(`more than ${MOST_FLATBUFFER_STEPS} entries of vectors`);
  }

  private claim(at: number, length: number): void {
    const { sizeBytes } = this.window.bytes;
    if (!(at >= 0 && at + length <= sizeBytes)) throw fault(`${length} bytes at ${at} of a file of ${sizeBytes}`);
    this.spans.push({ startByte: at, endByte: at + length });
  }
}

function fault(reason: string): FormatFault {
  return new FormatFault('FB-FAULT', reason);
}

/** Room between parts that is left for alignment. */
const MOST_PADDING_BYTES = 64;

/** What the walk owns, and the zeros between, as few spans as there can be. */
export async function flatAttributions(
  bytes: ByteSource,
  spans: readonly Span[],
  what: string,
): Promise<Attribution[]> {
  const found: Attribution[] = [];
  const sorted = [...spans].sort((one, other) => one.startByte - other.startByte);
  let [start, end] = [0, 0];
  for (const { startByte, endByte } of [...sorted, { startByte: bytes.sizeBytes, endByte: bytes.sizeBytes }]) {
    const gap = startByte - end;
    const isPadding =
      gap <= 0 || (gap <= MOST_PADDING_BYTES && (await bytes.read(end, gap)).every((byte) => byte === 0));
    if (!isPadding) {
      if (end > start) found.push({ startByte: start, endByte: end, what });
      start = startByte;
    }
    end = Math.max(end, endByte);
  }
  if (end > start) found.push({ startByte: start, endByte: end, what });
  return found;
}
