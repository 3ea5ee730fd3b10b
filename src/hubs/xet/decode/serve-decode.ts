import { writeSync } from 'node:fs';
import { WriteTurn } from '../../../base/index.js';
import { HASH_BYTES } from '../codec/hash-text.js';
import { fileId, merkleRoot, type ChunkSequence } from '../codec/merkle.js';
import { createCodec, type Codec, type CodecModule } from '../wasm/codec.js';
import type { OpenFile } from '../port.js';
import { decodeBatch, type Batch, type Put } from './batch.js';
import { plainError, type FromWorker, type Parts, type ToWorker } from './messages.js';

/** The decoding worker as a function of messages, so that it runs in a thread or, for want of one, in place. */
export function serveDecode(
  module: CodecModule,
  reply: (message: FromWorker, transfer: readonly ArrayBuffer[]) => void,
): (message: ToWorker) => void {
  let codec: Codec | undefined;
  return (message) => {
    const { id } = message;
    try {
      codec ??= createCodec(module);
      if (message.type === 'batch') answerBatch(codec, id, message.batch, message.file, reply);
      else {
        const chunks = sequence(message.hashes, message.lengths);
        reply({ type: 'fileId', id, fileId: fileId(codec, chunks), root: merkleRoot(codec, chunks) }, []);
      }
    } catch (thrown) {
      reply({ type: 'error', id, error: plainError(thrown) }, []);
    }
  };
}

function answerBatch(
  codec: Codec,
  id: number,
  batch: Batch,
  file: OpenFile | undefined,
  reply: (message: FromWorker, transfer: readonly ArrayBuffer[]) => void,
): void {
  const gathered = file === undefined ? new Gathered() : undefined;
  const put: Put = file === undefined ? (bytes, position) => gathered?.put(bytes, position) : writer(file);
  const outcome = decodeBatch(codec, batch, put);
  const isFault = !(outcome instanceof Uint8Array);
  const parts = isFault ? undefined : gathered?.parts();
  reply(
    {
      type: 'batch',
      id,
      hashes: isFault ? undefined : outcome,
      fault: isFault ? outcome : undefined,
      parts,
    },
    parts === undefined ? [] : [parts.bytes.buffer as ArrayBuffer],
  );
}

/** Positional writes, whole, when it is our turn. */
function writer({ fd, turn }: OpenFile): Put {
  const write: Put = (bytes, position) => {
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  };
  if (turn === undefined) return write;
  const turns = new WriteTurn(turn);
  return (bytes, position) => turns.run(() => write(bytes, position));
}

/** Copies of what was put, one behind the other. */
class Gathered {
  readonly #bytes: Uint8Array[] = [];
  readonly #positions: number[] = [];
  #total = 0;

  put(bytes: Uint8Array, position: number): void {
    this.#bytes.push(bytes.slice());
    this.#positions.push(position, bytes.length);
    this.#total += bytes.length;
  }

  parts(): Parts {
    const [only] = this.#bytes;
    const positions = Float64Array.from(this.#positions);
    if (only !== undefined && this.#bytes.length === 1) return { bytes: only, positions };
    const all = new Uint8Array(this.#total);
    let at = 0;
    for (const bytes of this.#bytes) {
      all.set(bytes, at);
      at += bytes.length;
    }
    return { bytes: all, positions };
  }
}

function sequence(hashes: Uint8Array, lengths: Uint32Array): ChunkSequence {
  return {
    count: lengths.length,
    hashAt: (index) => hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
    lengthAt: (index) => lengths[index] ?? 0,
  };
}
