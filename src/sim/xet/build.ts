import type { Content } from '../content.js';
import { Crew } from './crew.js';
import { cutContent, type ChunkGroup } from './cut-content.js';
import { fileHash, hashText, type MerkleNode } from './merkle.js';
import { HASH_BYTES, type XetCompression } from './pack.js';
import { XorbWriter } from './xorb-writer.js';
import type { XetFile, XetTerm, Xorb } from './xorb.js';

/** Where a chunk lies that some xorb holds already. By the hash's bytes, as latin1. */
export type ChunkIndex = Map<string, { readonly xorb: Xorb; readonly index: number }>;

export interface BuildOptions {
  readonly folder: string;
  /** Whether xorbs stay there under their names, for others to find. */
  readonly keep: boolean;
  readonly compression: XetCompression;
  readonly maxXorbBytes: number;
}

export interface Built {
  /** In the order of the contents. */
  readonly files: readonly XetFile[];
  readonly xorbs: readonly Xorb[];
}

/**
 * What one upload does: cuts the contents into chunks, puts those that nobody has into new xorbs, in order, and describes each file by
 * terms. Chunks of the files before, in this upload and in earlier ones, are referred to and not stored again.
 */
export async function build(contents: readonly Content[], known: ChunkIndex, options: BuildOptions): Promise<Built> {
  const crew = new Crew(contents.reduce((sum, content) => sum + content.sizeBytes, 0));
  const writer = new XorbWriter(options);
  try {
    const files: XetFile[] = [];
    for (const content of contents) files.push(await buildFile(content, crew, writer, known, options.compression));
    return { files, xorbs: await writer.end() };
  } finally {
    await crew.close();
  }
}

async function buildFile(
  content: Content,
  crew: Crew,
  writer: XorbWriter,
  known: ChunkIndex,
  compression: XetCompression,
): Promise<XetFile> {
  const chunks: MerkleNode[] = [];
  const terms: XetTerm[] = [];
  for await (const group of cutContent(content, crew, compression)) {
    for (const { chunk, record } of chunksOf(group)) {
      const key = chunk.hash.toString('latin1');
      const place = known.get(key) ?? (await writer.append(chunk, record));
      known.set(key, place);
      chunks.push(chunk);
      addToTerms(terms, place.xorb, place.index);
    }
  }
  return { hash: hashText(fileHash(chunks)), sizeBytes: content.sizeBytes, terms };
}

function* chunksOf(group: ChunkGroup): Generator<{ readonly chunk: MerkleNode; readonly record: Uint8Array }> {
  const hashes = Buffer.from(group.hashes.buffer, group.hashes.byteOffset, group.hashes.byteLength);
  let at = 0;
  for (const [index, sizeBytes] of group.lengths.entries()) {
    const end = at + (group.recordBytes[index] ?? 0);
    const hash = Buffer.from(hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES));
    yield { chunk: { hash, sizeBytes }, record: group.records.subarray(at, end) };
    at = end;
  }
}

function addToTerms(terms: XetTerm[], xorb: Xorb, index: number): void {
  const last = terms.at(-1);
  if (last?.xorb === xorb && last.end === index) terms[terms.length - 1] = { ...last, end: index + 1 };
  else terms.push({ xorb, start: index, end: index + 1 });
}
