import { SluiceError } from '../../../base/index.js';
import type { Content, Span } from '../../face.js';
import { frame, rawSpanOf, type XorbLayout } from './layout.js';

/** Whether bytes turned out wrong that may have been read by a grant of that time. */
export function isVoid({ wrongAtMs }: Content, issuedMs: number): boolean {
  return wrongAtMs !== undefined && wrongAtMs >= issuedMs;
}

/** A xorb as content of its own. It ends in an error when bytes of the file turn out wrong that its grant may have given out. */
export function framedContent(content: Content, xorb: XorbLayout, issuedMs: number): Content {
  return {
    sizeBytes: xorb.framedBytes,
    status: content.status,
    read: (span, signal) => frame(xorb, span, valid(content, rawSpanOf(xorb, span), issuedMs, signal)),
  };
}

/** The bytes of a span, as long as nothing turned out wrong meanwhile. */
async function* valid(content: Content, span: Span, issuedMs: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  if (span.endByte === span.startByte) return;
  for await (const bytes of content.read(span, signal)) {
    if (isVoid(content, issuedMs))
      throw new SluiceError('BAD_RESPONSE', { host: 'the hub', reason: 'bytes that were given out before were wrong' });
    yield bytes;
  }
}
