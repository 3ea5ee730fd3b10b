import { readChunkDocument, readChunkListHead } from './chunk-records.js';
import { HeldChunks } from './held-chunks.js';

/** Where chunk lists are kept, each under the SHA-256 of the content that it is about. */
export interface ChunkListFiles {
  names(): Promise<readonly string[]>;
  /** Its first bytes, all unless told how many; undefined when there is none. */
  read(name: string, lengthBytes?: number): Promise<Buffer | undefined>;
  write(name: string, bytes: Buffer): Promise<void>;
  /** Where the content is; undefined when it is not here any more. */
  contentPath(name: string): Promise<string | undefined>;
}

/** The head of a list of a 100 GB file fits. */
const HEAD_BYTES = 64 * 1024;

/** Which chunks are here, by the lists that are kept: their heads are read once, their chunks when one of their xorbs is wanted. */
export class ChunkLibrary {
  /** What was loaded so far; its parts name files by their paths. */
  readonly held = new HeldChunks();
  readonly #files: ChunkListFiles;
  readonly #loading = new Map<string, Promise<void>>();
  #index: Promise<Map<string, string[]>> | undefined;

  constructor(files: ChunkListFiles) {
    this.#files = files;
  }

  /** Whether nothing at all is known. @throws what the files throw */
  async isEmpty(): Promise<boolean> {
    return (await this.#xorbs()).size === 0;
  }

  /** Loads every list that names one of these xorbs. @throws what the files throw */
  async load(xorbs: Iterable<string>): Promise<void> {
    const index = await this.#xorbs();
    const names = new Set([...xorbs].flatMap((xorb) => index.get(xorb) ?? []));
    await Promise.all([...names].map((name) => this.#load(name)));
  }

  /** Keeps a list; one that is there already is replaced. @throws what the files throw */
  async keep(name: string, document: Buffer): Promise<void> {
    await this.#files.write(name, document);
    const head = readChunkListHead(document);
    if (head !== undefined && 'xorbs' in head) enter(await this.#xorbs(), name, head.xorbs);
  }

  #xorbs(): Promise<Map<string, string[]>> {
    return (this.#index ??= this.#readHeads());
  }

  async #readHeads(): Promise<Map<string, string[]>> {
    const index = new Map<string, string[]>();
    for (const name of await this.#files.names()) {
      let head = readChunkListHead((await this.#files.read(name, HEAD_BYTES)) ?? Buffer.alloc(0));
      if (head !== undefined && 'neededBytes' in head)
        head = readChunkListHead((await this.#files.read(name, head.neededBytes)) ?? Buffer.alloc(0));
      if (head !== undefined && 'xorbs' in head) enter(index, name, head.xorbs);
    }
    return index;
  }

  #load(name: string): Promise<void> {
    const known = this.#loading.get(name);
    if (known !== undefined) return known;
    const loading = this.#read(name);
    this.#loading.set(name, loading);
    return loading;
  }

  async #read(name: string): Promise<void> {
    const [path, bytes] = await Promise.all([this.#files.contentPath(name), this.#files.read(name)]);
    const document = bytes && readChunkDocument(bytes);
    if (path !== undefined && document !== undefined) this.held.add(path, document.spans, document.isProven);
  }
}

function enter(index: Map<string, string[]>, name: string, xorbs: readonly string[]): void {
  for (const xorb of xorbs) {
    const names = index.get(xorb) ?? [];
    if (!names.includes(name)) names.push(name);
    index.set(xorb, names);
  }
}
