import { SluiceError } from '../../base/index.js';
import type { ResponseHead } from '../../net/index.js';
import { contentLength, hostOf } from '../request/check-answer.js';
import { parseContentRange } from '../request/content-range.js';

/** What the head of the answer to a first request tells, and what of its body is to be read. */
export interface FirstHead {
  /** Of the whole file; undefined when nobody tells. */
  readonly sizeBytes: number | undefined;
  /** The body is the whole file rather than its beginning. */
  readonly isWhole: boolean;
}

/**
 * Reads the head of the answer to a request for the first `askedBytes` of a file of unknown size, or for all of it.
 * @throws SluiceError BAD_RESPONSE when it is neither the file's beginning nor all of it
 */
export function readFirst(head: ResponseHead, askedBytes: number | undefined): FirstHead {
  const bad = (reason: string): SluiceError => new SluiceError('BAD_RESPONSE', { host: hostOf(head.url), reason });
  const lengthBytes = contentLength(head);
  if (head.status === 200) return { sizeBytes: lengthBytes, isWhole: true };
  if (head.status !== 206 || askedBytes === undefined) throw bad(`the status ${head.status}`);
  const said = head.headers['content-range'] ?? '';
  const got = parseContentRange(said);
  if (got?.startByte !== 0 || got.endByte > askedBytes) throw bad(`206 with the Content-Range "${said.slice(0, 80)}"`);
  const { endByte, totalBytes } = got;
  if (lengthBytes !== undefined && lengthBytes !== endByte)
    throw bad(`${endByte} bytes in Content-Range, ${lengthBytes} in Content-Length`);
  if (totalBytes !== undefined && endByte !== Math.min(askedBytes, totalBytes))
    throw bad(`asked for bytes 0-${askedBytes - 1} of ${totalBytes}, given 0-${endByte - 1}`);
  return { sizeBytes: totalBytes, isWhole: totalBytes === endByte };
}
