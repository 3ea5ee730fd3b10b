import { SluiceError, toSluiceError } from '../../base/index.js';
import type { Environment } from '../environment.js';
import { SMALL_FILE_BYTES } from '../limits.js';
import { hostOf } from '../request/check-answer.js';
import { parseUnsatisfied } from '../request/content-range.js';
import { fetchBody, performHere } from '../request/fetch-body.js';
import { checkVersion, type FileSource } from '../request/file-source.js';
import { readFirst, type FirstHead } from './read-first.js';

export interface FirstRequest {
  readonly path: string;
  readonly from: FileSource;
  readonly signal: AbortSignal;
  /** Bytes came; `filledBytes` of them by now. */
  onBytes(bytes: number, filledBytes: number): void;
}

export interface First {
  /** Of the whole file; undefined when the source does not tell. */
  readonly sizeBytes: number | undefined;
  /** The whole file or its first `SMALL_FILE_BYTES`; undefined when it is longer and comes in one answer only. */
  readonly bytes: Buffer | undefined;
  readonly isWhole: boolean;
}

/**
 * Asks a source for the beginning of a file of unknown size, or for all of it where it knows no ranges, of which no more is read than there is to a
 * small file. Notes on the source what it is learnt of it. @throws SluiceError
 */
export async function fetchFirst(environment: Environment, request: FirstRequest): Promise<First> {
  const { from } = request;
  const range = from.ignoresRanges ? undefined : { startByte: 0, endByte: SMALL_FILE_BYTES };
  const body = new Body(request);
  let refusedRange: string | undefined;
  try {
    await fetchBody(environment, {
      file: request.path,
      from,
      ...(range === undefined ? {} : { range }),
      signal: request.signal,
      perform: performHere(environment, request, {
        onHead: (answer) => {
          body.head = readFirst(answer, range?.endByte);
          // Of this answer: nothing is kept of those before.
          from.validators = undefined;
          checkVersion(request.path, from, {}, answer);
          if (range !== undefined && answer.status === 200) from.ignoresRanges = true;
        },
        onData: (chunk) => body.take(chunk),
      }),
      onRefused: ({ status, headers }) => {
        if (range !== undefined && status === 416) refusedRange = headers['content-range'] ?? '';
      },
    });
  } catch (thrown) {
    // An empty file has no first byte.
    if (refusedRange !== undefined && parseUnsatisfied(refusedRange) === 0)
      return { sizeBytes: 0, bytes: Buffer.alloc(0), isWhole: true };
    if (range !== undefined && toSluiceError(thrown).code === 'RANGE_REFUSED') from.ignoresRanges = true;
    throw thrown;
  }
  return body.result();
}

class Body {
  readonly #request: FirstRequest;
  readonly #chunks: Buffer[] = [];
  #filledBytes = 0;
  #isTooLong = false;
  head: FirstHead = { sizeBytes: undefined, isWhole: true };

  constructor(request: FirstRequest) {
    this.#request = request;
  }

  take(chunk: Buffer): 'enough' | undefined {
    const { sizeBytes = 0, isWhole } = this.head;
    const expectedBytes = Math.max(this.#filledBytes + chunk.length, isWhole ? sizeBytes : 0);
    this.#isTooLong ||= expectedBytes > SMALL_FILE_BYTES;
    if (this.#isTooLong) return 'enough';
    this.#chunks.push(Buffer.from(chunk));
    this.#filledBytes += chunk.length;
    this.#request.onBytes(chunk.length, this.#filledBytes);
    return undefined;
  }

  result(): First {
    const { sizeBytes, isWhole } = this.head;
    // A part of nobody knows what is neither the whole nor a piece of it.
    if (this.#isTooLong || (sizeBytes === undefined && !isWhole))
      return { sizeBytes, bytes: undefined, isWhole: false };
    const expectedBytes = isWhole ? (sizeBytes ?? this.#filledBytes) : SMALL_FILE_BYTES;
    if (this.#filledBytes < expectedBytes)
      throw new SluiceError('RESET', { host: hostOf(this.#request.from.source.url), reason: 'the answer ended early' });
    return { sizeBytes, bytes: Buffer.concat(this.#chunks), isWhole };
  }
}
