import { writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { WriteReach, WriteTurn } from '../../../base/index.js';
import { HASH_BYTES } from '../codec/hash-text.js';
import { fileId, merkleRoot, type ChunkSequence } from '../codec/merkle.js';
import { createCodec, type Codec, type CodecModule } from '../wasm/codec.js';
import type { OpenFile, WrittenSum } from '../port.js';
import { decodeBatch, type Put } from './batch.js';
import { copyChunks } from './copy-chunks.js';
import { plainError, type FromWorker, type Parts, type ToWorker } from './messages.js';

/** The decoding worker as a function of messages, so that it runs in a thread or, for want of one, in place. */
export function serveDecode(module: CodecModule, reply: Reply): (message: ToWorker) => void {
  let codec: Codec | undefined;
  return (message) => {
    const { id } = message;
    try {
      codec ??= createCodec(module);
      if (message.type === 'batch') answerBatch(codec, message, reply);
      else if (message.type === 'copy') answerCopy(codec, message, reply);
      else {
        const chunks = sequence(message.hashes, message.lengths);
        reply({ type: 'fileId', id, fileId: fileId(codec, chunks), root: merkleRoot(codec, chunks) }, []);
      }
    } catch (thrown) {
      reply({ type: 'error', id, error: plainError(thrown) }, []);
    }
  };
}

type Reply = (message: FromWorker, transfer: readonly ArrayBuffer[]) => void;
type Job<Type extends ToWorker['type']> = Extract<ToWorker, { readonly type: Type }>;

function answerBatch(codec: Codec, { id, batch, file }: Job<'batch'>, reply: Reply): void {
  const output = outputTo(file);
  const outcome = decodeBatch(codec, batch, output.put);
  const isFault = !(outcome instanceof Uint8Array);
  const parts = isFault ? undefined : output.parts();
  const hashes = isFault ? undefined : outcome;
  const fault = isFault ? outcome : undefined;
  reply({ type: 'batch', id, hashes, fault, parts, sums: isFault ? [] : output.sums }, memoryOf(parts));
}

function answerCopy(codec: Codec, { id, order, file }: Job<'copy'>, reply: Reply): void {
  const output = outputTo(file);
  const fault = copyChunks(codec, order, output.put);
  const isWhole = fault === undefined;
  const parts = isWhole ? output.parts() : undefined;
  reply({ type: 'copy', id, fault, parts, sums: isWhole ? output.sums : [] }, memoryOf(parts));
}

interface Output {
  readonly put: Put;
  readonly sums: readonly WrittenSum[];
  parts(): Parts | undefined;
}

/** To the file, or gathered to be sent back. */
function outputTo(file: OpenFile | undefined): Output {
  const sums: WrittenSum[] = [];
  if (file !== undefined) return { put: writer(file, sums), sums, parts: () => undefined };
  const gathered = new Gathered();
  return { put: (bytes, position) => gathered.put(bytes, position), sums, parts: () => gathered.parts() };
}

function memoryOf(parts: Parts | undefined): readonly ArrayBuffer[] {
  return parts === undefined ? [] : [parts.bytes.buffer as ArrayBuffer];
}

/** Positional writes, whole, when it is our turn, as far as they are still wanted; summed before, while nobody waits for us. */
function writer({ fd, turn, reach, sumBytes }: OpenFile, sums: WrittenSum[]): Put {
  const reaches = reach === undefined ? undefined : new WriteReach(reach);
  const turns = turn === undefined ? undefined : new WriteTurn(turn);
  return (bytes, position) => {
    const endByte = position + bytes.length;
    const wanted = Math.max(0, (reaches?.take(endByte) ?? endByte) - position);
    if (sumBytes !== undefined) sums.push(...sumsOf(bytes.subarray(0, wanted), position, sumBytes));
    const write = (): void => {
      for (let done = 0; done < wanted;) done += writeSync(fd, bytes, done, wanted - done, position + done);
    };
    if (turns === undefined || wanted === 0) write();
    else turns.run(write);
  };
}

/** One sum for the part of `bytes` in each multiple of `sumBytes`. */
function* sumsOf(bytes: Uint8Array, position: number, sumBytes: number): Generator<WrittenSum> {
  for (let from = 0; from < bytes.length;) {
    const startByte = position + from;
    const lengthBytes = Math.min(sumBytes - (startByte % sumBytes), bytes.length - from);
    yield { startByte, lengthBytes, crc32: crc32(bytes.subarray(from, from + lengthBytes)) };
    from += lengthBytes;
  }
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
