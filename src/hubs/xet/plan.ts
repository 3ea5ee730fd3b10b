import type { ByteSpan } from './port.js';
import type { Reconstruction, Refuse, Term, XorbRange } from './wire.js';

/** One ranged GET, and where its chunks belong. */
export interface Fetch {
  readonly xorb: string;
  readonly range: XorbRange;
  /** Ascending by chunk. */
  readonly uses: readonly Use[];
}

/** A term that takes chunks from a fetch. */
export interface Use {
  readonly term: Term;
  /** Of the term's first byte in the file; before the span's start when that lies within the first term. */
  readonly position: number;
}

/**
 * The GETs for a span of a file, ascending by the first byte that they bring; xorb ranges that several terms share come once.
 * @throws what `refuse` makes, when the terms do not cover exactly the span or have no address
 */
export function makePlan(reconstruction: Reconstruction, span: ByteSpan, refuse: Refuse): readonly Fetch[] {
  const { skipBytes, terms, xorbs } = reconstruction;
  const fetches = new Map<XorbRange, { xorb: string; range: XorbRange; uses: Use[] }>();
  let position = span.startByte - skipBytes;
  const [first] = terms;
  if (first === undefined || position < 0 || skipBytes >= first.rawBytes) throw refuse('terms that begin elsewhere');
  for (const term of terms) {
    if (position >= span.endByte) throw refuse('more terms than asked for');
    const range = rangeOf(xorbs.get(term.xorb), term);
    if (range === undefined) throw refuse(`no address of chunks ${term.chunks.start}-${term.chunks.end - 1} of a xorb`);
    const fetch = fetches.get(range) ?? { xorb: term.xorb, range, uses: [] };
    fetches.set(range, fetch);
    fetch.uses.push({ term, position });
    position += term.rawBytes;
  }
  if (position < span.endByte) throw refuse(`terms that end ${span.endByte - position} bytes early`);
  for (const { uses } of fetches.values()) uses.sort((a, b) => a.term.chunks.start - b.term.chunks.start);
  return [...fetches.values()];
}

/** Whether two plans fetch the same: only the addresses may differ. */
export function isSamePlan(a: readonly Fetch[], b: readonly Fetch[]): boolean {
  return JSON.stringify(a.map(withoutAddress)) === JSON.stringify(b.map(withoutAddress));
}

function withoutAddress({ range, ...fetch }: Fetch): unknown {
  return { ...fetch, range: { ...range, url: '' } };
}

/** The last range that begins at or before the term; it must hold all of the term. */
function rangeOf(ranges: readonly XorbRange[] | undefined, term: Term): XorbRange | undefined {
  if (ranges === undefined) return undefined;
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.chunks.start ?? 0) <= term.chunks.start) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low - 1];
  return range !== undefined && range.chunks.end >= term.chunks.end ? range : undefined;
}
