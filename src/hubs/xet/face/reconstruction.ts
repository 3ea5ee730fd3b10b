import type { Span } from '../../face.js';
import { layoutSpan, xorbIdOf, type Term, type XorbLayout } from './layout.js';

interface Asked {
  readonly fileId: string;
  readonly sizeBytes: number;
  readonly span: Span;
  /** Where a xorb is to be had. */
  readonly urlOf: (xorb: XorbLayout, xorbId: string) => string;
}

type Json = Readonly<Record<string, unknown>>;

/** How a span of a file is put together: version 2 of the interface. */
export function reconstruction2(asked: Asked): Json {
  const { head, terms } = common(asked);
  const xorbs = terms.map((term) => {
    const ranges = [{ chunks: chunksOf(term), bytes: bytesOf(term) }];
    const id = xorbIdOf(asked.fileId, term.xorb.index);
    return [id, [{ url: asked.urlOf(term.xorb, id), ranges }]] as const;
  });
  return { ...head, xorbs: Object.fromEntries(xorbs) };
}

/** The same in version 1. */
export function reconstruction1(asked: Asked): Json & { readonly terms: unknown; readonly fetch_info: Json } {
  const { head, terms } = common(asked);
  const fetches = terms.map((term) => {
    const id = xorbIdOf(asked.fileId, term.xorb.index);
    return [id, [{ range: chunksOf(term), url: asked.urlOf(term.xorb, id), url_range: bytesOf(term) }]] as const;
  });
  return { ...head, fetch_info: Object.fromEntries(fetches) };
}

function common({ fileId, sizeBytes, span }: Asked): { head: Json & { terms: unknown }; terms: readonly Term[] } {
  const { skip, terms } = layoutSpan(sizeBytes, span);
  const listed = terms.map((term) => ({
    hash: xorbIdOf(fileId, term.xorb.index),
    unpacked_length: term.rawBytes,
    range: chunksOf(term),
  }));
  return { head: { offset_into_first_range: skip, terms: listed }, terms };
}

/** The end is behind the last chunk. */
function chunksOf({ startChunk, endChunk }: Term): Json {
  return { start: startChunk, end: endChunk };
}

/** The end is the last byte. */
function bytesOf({ framed }: Term): Json {
  return { start: framed.startByte, end: framed.endByte - 1 };
}
