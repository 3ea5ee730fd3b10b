import type { Span } from '../../hubs/index.js';

/**
 * The single range of a request (RFC 9110 §14.2). `all` when there is none, or one that is not understood, or several: a server may ignore those. `none` when it lies
 * outside. Every range of an empty file is ignored, since clients ask for `bytes=0-` of anything.
 */
export function parseRange(header: string | undefined, sizeBytes: number): Span | 'all' | 'none' {
  const match = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/.exec((header ?? '').trim());
  const [, first = '', last = ''] = match ?? [];
  if (match === null || (first === '' && last === '') || sizeBytes === 0) return 'all';
  if (first === '') {
    const length = Number(last);
    return length === 0 ? 'none' : { startByte: Math.max(0, sizeBytes - length), endByte: sizeBytes };
  }
  const startByte = Number(first);
  if (last !== '' && Number(last) < startByte) return 'all';
  if (startByte >= sizeBytes) return 'none';
  return { startByte, endByte: last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1) };
}
