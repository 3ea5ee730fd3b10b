import { join, sep } from 'node:path';
import { SluiceError } from '../base/index.js';

/** Where everything stands under a store's root (docs/FORMATS.md). Pure: no I/O. */
export interface Layout {
  readonly root: string;
  readonly formatFile: string;
  readonly cachedirTag: string;
  readonly blobs: string;
  readonly stamps: string;
  readonly aliases: string;
  readonly chunkLists: string;
  readonly pieceManifests: string;
  readonly partials: string;
  readonly tmp: string;
  readonly limits: string;
  readonly uses: string;
  readonly documents: string;
  blob(sha256: string): string;
  stamp(sha256: string): string;
  alias(algorithm: string, hex: string): string;
  chunkList(sha256: string): string;
  pieceManifest(sha256: string): string;
  partial(key: string): string;
  use(sha256: string): string;
}

const SHA256 = /^[0-9a-f]{64}$/;

/** The paths of the store at `root`. Digests are checked, so that nothing else can become part of a path. */
export function layoutOf(root: string): Layout {
  const blobs = join(root, 'blobs', 'sha256');
  const stamps = join(root, 'stamps', 'sha256');
  const aliases = join(root, 'aliases');
  const partials = join(root, 'partials');
  const chunkLists = join(root, 'chunks', 'sha256');
  const pieceManifests = join(root, 'pieces', 'sha256');
  const uses = join(root, 'uses', 'sha256');
  return {
    root,
    formatFile: join(root, 'format'),
    cachedirTag: join(root, 'CACHEDIR.TAG'),
    blobs,
    stamps,
    aliases,
    chunkLists,
    pieceManifests,
    partials,
    tmp: join(root, 'tmp'),
    limits: join(root, 'limits'),
    uses,
    documents: join(root, 'documents'),
    // Asked a dozen times for each of thousands of files: `join` reads a path letter by letter, and has nothing to mend in these.
    blob: (sha256) => `${blobs}${sep}${fanOut(sha256)}${sep}${sha256}`,
    stamp: (sha256) => `${stamps}${sep}${fanOut(sha256)}${sep}${sha256}.json`,
    alias: (algorithm, hex) => `${aliases}${sep}${algorithm}${sep}${hex.slice(0, 2)}${sep}${hex}`,
    chunkList: (sha256) => join(chunkLists, fanOut(sha256), sha256),
    pieceManifest: (sha256) => join(pieceManifests, fanOut(sha256), sha256),
    partial: (key) => join(partials, key),
    use: (sha256) => join(uses, fanOut(sha256), sha256),
  };
}

export function isSha256(text: string): boolean {
  return SHA256.test(text);
}

function fanOut(sha256: string): string {
  if (!isSha256(sha256)) throw new SluiceError('INTERNAL', { reason: `not a SHA-256: ${sha256.slice(0, 80)}` });
  return sha256.slice(0, 2);
}
