import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Commit, Repository } from '../repository.js';
import { build, type ChunkIndex } from './build.js';
import { loadBuilt, saveBuilt } from './manifest.js';
import type { XetCompression } from './pack.js';
import { FileContent, type XetFile, type Xorb } from './xorb.js';

/** Part of the name of what is kept: raise it whenever the same content would come out as other bytes. */
const FORMAT = 1;

export interface LibraryOptions {
  /** Kept between runs; undefined: a temporary one. */
  readonly folder: string | undefined;
  readonly compression: XetCompression;
  readonly maxXorbBytes: number;
}

/** The files and xorbs of one simulated service. Every commit is one upload. */
export class XetLibrary {
  readonly #options: LibraryOptions;
  readonly #files = new Map<string, XetFile>();
  readonly #byHash = new Map<string, XetFile>();
  readonly #xorbs = new Map<string, Xorb>();
  readonly #known: ChunkIndex = new Map();
  readonly #folder: string;
  #chain = '';
  #ready: Promise<void> = Promise.resolve();

  constructor(options: LibraryOptions) {
    this.#options = options;
    this.#folder = options.folder === undefined ? mkdtempSync(join(tmpdir(), 'sim-xet-')) : resolve(options.folder);
    mkdirSync(this.#folder, { recursive: true });
  }

  /** Resolves when all that was included so far can be served. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  get xorbs(): ReadonlyMap<string, Xorb> {
    return this.#xorbs;
  }

  /** Takes in the large files of a repository, its oldest commit first. What is known already costs nothing. */
  include(repository: Repository): void {
    for (const commit of [...repository.commits].reverse()) {
      this.#ready = this.#ready.then(() => this.#upload(commit));
    }
    // Who waits for it hears of it; nobody may be waiting yet.
    this.#ready.catch(() => undefined);
  }

  /** A file by the SHA-256 of its content. */
  bySha256(sha256: string): XetFile | undefined {
    return this.#files.get(sha256);
  }

  byHash(hash: string): XetFile | undefined {
    return this.#byHash.get(hash);
  }

  async close(): Promise<void> {
    await this.#ready.catch(() => undefined);
    for (const { content } of this.#xorbs.values()) {
      if (content instanceof FileContent) content.close();
    }
    this.#xorbs.clear();
    if (this.#options.folder === undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  async #upload(commit: Commit): Promise<void> {
    const isNew = new Map(
      [...commit.files.values()]
        .filter(({ isLfs, sizeBytes, sha256 }) => isLfs && sizeBytes > 0 && !this.#files.has(sha256))
        .map((file) => [file.sha256, file.content] as const),
    );
    if (isNew.size === 0) return;
    const { compression, maxXorbBytes } = this.#options;
    const digests = [...isNew.keys()];
    const name = chainOf([FORMAT, this.#chain, compression, maxXorbBytes, ...digests]);
    const kept = await loadBuilt(this.#folder, name, compression, this.#xorbs, this.#known);
    const keep = this.#options.folder !== undefined;
    const how = { folder: this.#folder, keep, compression, maxXorbBytes };
    const built = kept ?? (await build([...isNew.values()], this.#known, how));
    if (kept === undefined && keep) await saveBuilt(this.#folder, name, built);
    this.#chain = name;
    for (const xorb of built.xorbs) this.#xorbs.set(xorb.hash, xorb);
    for (const [index, file] of built.files.entries()) {
      this.#files.set(digests[index] ?? '', file);
      this.#byHash.set(file.hash, file);
    }
  }
}

/** What an upload gives depends on all uploads before it. */
function chainOf(parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
