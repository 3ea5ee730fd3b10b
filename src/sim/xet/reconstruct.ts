import { recordStart, type XetFile, type XetTerm, type Xorb } from './xorb.js';

/** Bytes of a file, the end exclusive. */
export interface FileRange {
  readonly start: number;
  readonly end: number;
}

/** Neighbouring chunks, the end exclusive. */
interface ChunkRange {
  readonly start: number;
  readonly end: number;
}

/** Neighbouring chunks of a xorb, and the bytes of their records: the last byte included, as Range headers have it. */
export interface FetchRange {
  readonly chunks: ChunkRange;
  readonly bytes: { readonly start: number; readonly end: number };
}

export interface Reconstruction {
  /** Bytes of the first term's content before the range begins. */
  readonly offset: number;
  readonly terms: readonly (XetTerm & { readonly unpackedBytes: number })[];
  /** What has to be fetched of each xorb: ascending, neither touching nor overlapping. */
  readonly fetches: readonly { readonly xorb: Xorb; readonly ranges: readonly FetchRange[] }[];
}

/** How to make a range of a file, in whole chunks (Xet specification 1.0.0, reconstruction). Undefined when it begins behind the end. */
export function reconstruct(file: XetFile, range: FileRange): Reconstruction | undefined {
  if (range.start >= file.sizeBytes && range.start > 0) return undefined;
  const wanted: (XetTerm & { unpackedBytes: number })[] = [];
  let offset = 0;
  let at = 0;
  for (const term of file.terms) {
    let first: number | undefined;
    let last = term.start;
    let unpackedBytes = 0;
    for (let chunk = term.start; chunk < term.end; chunk += 1) {
      const sizeBytes = term.xorb.chunks[chunk]?.sizeBytes ?? 0;
      if (at + sizeBytes > range.start && at < range.end) {
        if (wanted.length === 0 && first === undefined) offset = range.start - at;
        first ??= chunk;
        last = chunk;
        unpackedBytes += sizeBytes;
      }
      at += sizeBytes;
    }
    if (first !== undefined) wanted.push({ xorb: term.xorb, start: first, end: last + 1, unpackedBytes });
  }
  return { offset, terms: wanted, fetches: fetchesFor(wanted) };
}

function fetchesFor(terms: readonly XetTerm[]): Reconstruction['fetches'] {
  const byXorb = new Map<Xorb, ChunkRange[]>();
  for (const { xorb, start, end } of terms) {
    const list = byXorb.get(xorb) ?? [];
    list.push({ start, end });
    byXorb.set(xorb, list);
  }
  return [...byXorb].map(([xorb, list]) => ({
    xorb,
    ranges: merge(list).map((chunks) => ({
      chunks,
      bytes: { start: recordStart(xorb, chunks.start), end: recordStart(xorb, chunks.end) - 1 },
    })),
  }));
}

function merge(list: readonly ChunkRange[]): ChunkRange[] {
  const merged: { start: number; end: number }[] = [];
  for (const range of [...list].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last !== undefined && range.start <= last.end) last.end = Math.max(last.end, range.end);
    else merged.push({ ...range });
  }
  return merged;
}
