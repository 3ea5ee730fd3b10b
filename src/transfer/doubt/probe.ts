import { createHash } from 'node:crypto';
import { SluiceError } from '../../base/index.js';
import type { ResponseHead } from '../../net/index.js';
import type { Environment } from '../environment.js';
import type { Work } from '../files/job.js';
import { WholeRequest, workOf } from '../files/request-work.js';
import { checkAnswer, hostOf } from '../request/check-answer.js';
import { fetchBody, performHere } from '../request/fetch-body.js';
import type { FileSource } from '../request/file-source.js';

export interface ProbeOrder {
  readonly path: string;
  readonly sizeBytes: number;
  readonly from: FileSource;
  /** The piece that the first bytes belong to. */
  readonly index: number;
  readonly startByte: number;
  /** Where the parts end that are hashed each by itself, in order. */
  readonly endBytes: readonly number[];
  /** @throws SluiceError SOURCE_CHANGED */
  checkVersion(from: FileSource, head: ResponseHead): void;
  onBytes(bytes: number): void;
  /** The part with this number has that SHA-256. */
  onPart(part: number, sha256: string): void;
  /** It ended, one way or the other. */
  onEnd(): void;
}

/** A request whose bytes are only hashed: what a source gives for bytes that are here already. It may be ended at any time. */
export function probe(environment: Environment, order: ProbeOrder): Work {
  const { path, from, sizeBytes, startByte, endBytes } = order;
  const endByte = endBytes.at(-1) ?? startByte;
  const view = new WholeRequest(endByte - startByte, 'whole', order.index);
  const ending = new AbortController();
  const range = { startByte, endByte };
  let position = startByte;
  let part = 0;
  let hash = createHash('sha256');
  const take = (chunk: Buffer): void => {
    let rest = chunk;
    while (rest.length > 0) {
      const end = endBytes[part];
      if (end === undefined)
        throw new SluiceError('BAD_RESPONSE', { host: hostOf(from.source.url), reason: 'more bytes than asked for' });
      const bytes = rest.subarray(0, end - position);
      hash.update(bytes);
      position += bytes.length;
      rest = rest.subarray(bytes.length);
      if (position < end) return;
      order.onPart(part, hash.digest('hex'));
      part += 1;
      hash = createHash('sha256');
    }
  };
  let room: Buffer | undefined;
  const target = {
    room: () => (room ??= environment.probeRooms.take()),
    onHead: (head: ResponseHead): void => {
      const isAll = startByte === 0 && endByte === sizeBytes;
      const answer = checkAnswer({ path, source: from.source.id, sizeBytes, range }, head);
      if (answer !== 'range' && !isAll) {
        from.ignoresRanges = true;
        const reason = '200 instead of 206';
        throw new SluiceError('RANGE_REFUSED', { host: hostOf(head.url), path, reason });
      }
      order.checkVersion(from, head);
    },
    onData: (chunk: Buffer): undefined => {
      view.received(chunk.length, environment.now());
      order.onBytes(chunk.length);
      take(chunk);
    },
  };
  return workOf(view, {
    abort: () => ending.abort(),
    run: async () => {
      const { signal } = ending;
      try {
        const perform = performHere(environment, { from, signal }, target);
        await fetchBody(environment, { file: path, from, sizeBytes, range, signal, perform });
        if (position < endByte)
          throw new SluiceError('RESET', { host: hostOf(from.source.url), reason: 'the answer ended early' });
      } finally {
        if (room !== undefined) environment.probeRooms.giveBack(room);
        order.onEnd();
      }
    },
  });
}
