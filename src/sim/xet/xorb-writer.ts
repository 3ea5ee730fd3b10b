import { randomBytes } from 'node:crypto';
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { toContent } from '../content.js';
import type { BuildOptions } from './build.js';
import { hashText, xorbHash, type MerkleNode } from './merkle.js';
import { FileContent, type Xorb } from './xorb.js';

const MAX_CHUNKS = 8192;

/** Fills xorbs one after the other and puts them into a folder under their hashes. */
export class XorbWriter {
  readonly #options: BuildOptions;
  readonly #done: Xorb[] = [];
  #current: { readonly xorb: Xorb; readonly file: FileHandle; readonly path: string; rawBytes: number } | undefined;

  constructor(options: BuildOptions) {
    this.#options = options;
  }

  /** Appends a record; gives the xorb and the chunk's place in it. */
  async append(chunk: MerkleNode, record: Uint8Array): Promise<{ readonly xorb: Xorb; readonly index: number }> {
    const full = this.#current;
    if (full !== undefined && isFull(full, chunk.sizeBytes, this.#options.maxXorbBytes)) await this.#finish();
    const current = (this.#current ??= await this.#begin());
    const { xorb } = current;
    const at = xorb.ends.at(-1) ?? 0;
    await current.file.write(record, 0, record.length, at);
    xorb.chunks.push(chunk);
    xorb.ends.push(at + record.length);
    current.rawBytes += chunk.sizeBytes;
    return { xorb, index: xorb.chunks.length - 1 };
  }

  /** Ends the xorb in the making. Gives all that were made. */
  async end(): Promise<readonly Xorb[]> {
    await this.#finish();
    return this.#done;
  }

  async #begin(): Promise<{ xorb: Xorb; file: FileHandle; path: string; rawBytes: number }> {
    const path = join(this.#options.folder, `${randomBytes(8).toString('hex')}.part`);
    return {
      xorb: { hash: '', chunks: [], ends: [], content: toContent('') },
      file: await open(path, 'w'),
      path,
      rawBytes: 0,
    };
  }

  async #finish(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    const { xorb, file, path } = current;
    await file.close();
    xorb.hash = hashText(xorbHash(xorb.chunks));
    const { folder, compression, keep } = this.#options;
    const finalPath = join(folder, xorbName(xorb.hash, compression));
    await rename(path, finalPath);
    xorb.content = new FileContent(finalPath, xorb.ends.at(-1) ?? 0);
    // What nobody else looks for need not outlive this process, however it ends. Not everywhere can open files be removed.
    if (!keep) await unlink(finalPath).catch(() => undefined);
    this.#done.push(xorb);
  }
}

/** A xorb's file: the same chunks compressed otherwise are other bytes. */
export function xorbName(hash: string, suffix: string): string {
  return `${hash}.${suffix}`;
}

function isFull({ xorb, rawBytes }: { xorb: Xorb; rawBytes: number }, nextBytes: number, maxBytes: number): boolean {
  return rawBytes + nextBytes > maxBytes || xorb.chunks.length >= MAX_CHUNKS;
}
