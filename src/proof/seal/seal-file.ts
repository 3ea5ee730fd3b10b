import { createHash, randomBytes } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { SluiceError } from '../../base/index.js';
import { writeExactly } from './bytes.js';
import { chunkCount, sealChunk, sealedSpan } from './chunks.js';
import { Flusher, readInOrder, WritesUnderway } from './flow.js';
import {
  formatHeader,
  MOST_RECIPIENTS,
  type SealBinding,
  type SealCipher,
  type SealCore,
  type SealHeader,
} from './header.js';
import { FILE_KEY_BYTES, headerMac, payloadKeys } from './key-schedule.js';
import type { SealTarget } from './keys.js';
import { placeFile } from './place-file.js';
import { wrapFor } from './recipients.js';

export interface SealOptions {
  readonly targets: readonly SealTarget[];
  readonly cipher?: SealCipher;
  /** Bytes of plaintext in a chunk, a power of two; 1 MiB unless told. */
  readonly chunkBytes?: number;
  readonly bind?: SealBinding;
  /** Takes the place of a file that is there. */
  readonly replace?: boolean;
  readonly signal?: AbortSignal;
  /** Told how far it is, in bytes of plaintext. */
  readonly progress?: (doneBytes: number) => void;
}

export interface Sealed {
  readonly plainSha256: string;
  readonly sizeBytes: number;
  readonly sealedBytes: number;
}

const CHUNK_BYTES = 2 ** 20;
const READ_BYTES = 2 ** 20;

/**
 * Seals a file for whoever `targets` are. It is read twice: its SHA-256 stands in the header that every chunk is bound to. Holds a few chunks.
 * @throws SluiceError USAGE, WRONG_KEY (a key command), SOURCE_CHANGED, FILE_SYSTEM, DISK_FULL; the signal's reason
 */
export async function sealFile(path: string, to: string, options: SealOptions): Promise<Sealed> {
  const { targets, cipher = 'AES-256-GCM', chunkBytes = CHUNK_BYTES, bind, signal } = options;
  if (targets.length === 0 || targets.length > MOST_RECIPIENTS)
    throw new SluiceError('USAGE', { reason: `a file is sealed for 1 to ${MOST_RECIPIENTS} keys` });
  const file = await open(path, 'r');
  try {
    const before = await file.stat({ bigint: true });
    const size = Number(before.size);
    const plainSha256 = await digestOf(file, size, signal);
    const fileId = randomBytes(16).toString('base64');
    const core: SealCore = {
      v: 1,
      alg: cipher,
      chunk: chunkBytes,
      size,
      plainSha256,
      fileId,
      ...(bind ? { bind } : {}),
    };
    const fileKey = randomBytes(FILE_KEY_BYTES);
    const head = formatHeader(await headerFor(core, fileKey, targets, signal));
    if (head === undefined) throw new SluiceError('USAGE', { reason: 'the keys make a header of more than 1 MiB' });
    await placeFile(to, { replace: options.replace ?? false, mode: 0o666 }, async (out) => {
      await writeExactly(out, [head], 0);
      await writePayload(file, out, head.length, core, fileKey, options);
      const after = await file.stat({ bigint: true });
      if (after.mtimeNs !== before.mtimeNs || after.size !== before.size)
        throw new SluiceError('SOURCE_CHANGED', { path, source: 'the disk', reason: 'it was written to' });
    });
    fileKey.fill(0);
    return { plainSha256, sizeBytes: size, sealedBytes: head.length + size + chunkCount(core) * 16 };
  } finally {
    await file.close();
  }
}

/** The header with the key wrapped for everybody, and its MAC. */
export async function headerFor(
  core: SealCore,
  fileKey: Buffer,
  targets: readonly SealTarget[],
  signal?: AbortSignal,
): Promise<SealHeader> {
  const recipients = [];
  for (const target of targets) recipients.push(await wrapFor(target, fileKey, core, signal));
  const header = { ...core, recipients };
  return { ...header, mac: headerMac(fileKey, header).toString('base64') };
}

async function writePayload(
  file: FileHandle,
  out: FileHandle,
  payloadAt: number,
  core: SealCore,
  fileKey: Buffer,
  { signal, progress }: SealOptions,
): Promise<void> {
  const keys = payloadKeys(fileKey, core);
  const writes = new WritesUnderway();
  const flusher = new Flusher(out);
  const sealAt = async (index: number, plain: Buffer): Promise<void> => {
    signal?.throwIfAborted();
    const sealed = sealChunk(core, keys, index, plain);
    await writes.add(() => writeExactly(out, sealed, payloadAt + sealedSpan(core, index).startByte));
    flusher.wrote(plain.length);
    progress?.(Math.min(core.size, (index + 1) * core.chunk));
  };
  try {
    let index = 0;
    for await (const plain of readInOrder(file, core.size, core.chunk)) {
      await sealAt(index, plain);
      index += 1;
    }
    if (core.size === 0) await sealAt(0, Buffer.alloc(0));
    await writes.done();
  } finally {
    // The file is closed after this.
    await Promise.all([writes.settled(), flusher.settled()]);
  }
}

async function digestOf(file: FileHandle, size: number, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of readInOrder(file, size, READ_BYTES)) {
    signal?.throwIfAborted();
    hash.update(bytes);
  }
  return hash.digest('hex');
}
