import { SluiceError } from '../../base/index.js';
import type { ResponseHead } from '../../net/index.js';
import { parseContentRange } from './content-range.js';

export interface Asked {
  /** As people know the file. */
  readonly path: string;
  readonly source: string;
  readonly sizeBytes: number;
  readonly range?: { readonly startByte: number; readonly endByte: number };
}

export type Answer = 'range' | 'whole';

/**
 * What a 2xx answer brings: exactly the range that was asked for, or the whole file (a server may ignore ranges).
 * @throws SluiceError SIZE_MISMATCH when the file has another size there, BAD_RESPONSE when the answer fits nothing we asked
 */
export function checkAnswer(asked: Asked, head: ResponseHead): Answer {
  const lengthBytes = contentLength(head);
  if (head.status === 206 && asked.range !== undefined) {
    const got = parseContentRange(head.headers['content-range']);
    if (got === undefined)
      throw badResponse(head, `206 with the Content-Range "${(head.headers['content-range'] ?? '').slice(0, 80)}"`);
    if (got.totalBytes !== undefined && got.totalBytes !== asked.sizeBytes) throw sizeMismatch(asked, got.totalBytes);
    const { startByte, endByte } = asked.range;
    if (got.startByte !== startByte || got.endByte !== endByte)
      throw badResponse(head, `asked for bytes ${startByte}-${endByte - 1}, given ${got.startByte}-${got.endByte - 1}`);
    if (lengthBytes !== undefined && lengthBytes !== endByte - startByte)
      throw badResponse(head, `${endByte - startByte} bytes in Content-Range, ${lengthBytes} in Content-Length`);
    return 'range';
  }
  if (head.status !== 200) throw badResponse(head, `the status ${head.status}`);
  if (lengthBytes !== undefined && lengthBytes !== asked.sizeBytes) throw sizeMismatch(asked, lengthBytes);
  return 'whole';
}

export function contentLength(head: ResponseHead): number | undefined {
  const value = head.headers['content-length'];
  return value !== undefined && /^\d{1,16}$/.test(value) ? Number(value) : undefined;
}

export function sizeMismatch(asked: Omit<Asked, 'range'>, actualBytes: number): SluiceError {
  const { source, path, sizeBytes } = asked;
  return new SluiceError('SIZE_MISMATCH', { source, path, expected: sizeBytes, actual: actualBytes });
}

export function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

function badResponse({ url }: ResponseHead, reason: string): SluiceError {
  return new SluiceError('BAD_RESPONSE', { host: hostOf(url), reason });
}
