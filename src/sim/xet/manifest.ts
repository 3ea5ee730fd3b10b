import { existsSync, statSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Built, ChunkIndex } from './build.js';
import type { MerkleNode } from './merkle.js';
import { HASH_BYTES } from './pack.js';
import { xorbName } from './xorb-writer.js';
import { FileContent, type Xorb } from './xorb.js';

/** What a folder keeps of an upload, so that the next simulator need not do it again. */
interface Manifest {
  readonly xorbs: readonly {
    readonly hash: string;
    readonly ends: readonly number[];
    readonly sizes: readonly number[];
    /** Hashes of the chunks one after the other, base64. */
    readonly hashes: string;
  }[];
  /** Terms are [hash of the xorb, first chunk, behind the last]: also of xorbs of earlier uploads. */
  readonly files: readonly {
    readonly hash: string;
    readonly sizeBytes: number;
    readonly terms: readonly (readonly [string, number, number])[];
  }[];
}

/** The upload that was written under this name; undefined when it was not, or its xorbs are gone. Its xorbs and chunks become known. */
export async function loadBuilt(
  folder: string,
  name: string,
  suffix: string,
  xorbs: ReadonlyMap<string, Xorb>,
  known: ChunkIndex,
): Promise<Built | undefined> {
  const path = join(folder, `${name}.json`);
  if (!existsSync(path)) return undefined;
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
  const isWhole = manifest.xorbs.every(({ hash, ends }) => {
    const stat = statSync(join(folder, xorbName(hash, suffix)), { throwIfNoEntry: false });
    return stat?.size === ends.at(-1);
  });
  if (!isWhole) return undefined;
  const all = new Map(xorbs);
  const loaded = manifest.xorbs.map(({ hash, ends, sizes, hashes }): Xorb => {
    const bytes = Buffer.from(hashes, 'base64');
    const chunks = sizes.map((sizeBytes, index): MerkleNode => {
      return { hash: bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES), sizeBytes };
    });
    const content = new FileContent(join(folder, xorbName(hash, suffix)), ends.at(-1) ?? 0);
    return { hash, chunks, ends: [...ends], content };
  });
  for (const xorb of loaded) {
    all.set(xorb.hash, xorb);
    xorb.chunks.forEach(({ hash }, index) => known.set(hash.toString('latin1'), { xorb, index }));
  }
  const files = manifest.files.map(({ hash, sizeBytes, terms }) => ({
    hash,
    sizeBytes,
    terms: terms.map(([xorbHash, start, end]) => {
      const xorb = all.get(xorbHash);
      if (xorb === undefined) throw new Error(`${path} names a xorb that is not there: ${xorbHash}`);
      return { xorb, start, end };
    }),
  }));
  return { files, xorbs: loaded };
}

export async function saveBuilt(folder: string, name: string, built: Built): Promise<void> {
  const manifest: Manifest = {
    xorbs: built.xorbs.map(({ hash, ends, chunks }) => ({
      hash,
      ends,
      sizes: chunks.map(({ sizeBytes }) => sizeBytes),
      hashes: Buffer.concat(chunks.map((chunk) => chunk.hash)).toString('base64'),
    })),
    files: built.files.map(({ hash, sizeBytes, terms }) => ({
      hash,
      sizeBytes,
      terms: terms.map(({ xorb, start, end }) => [xorb.hash, start, end] as const),
    })),
  };
  const path = join(folder, `${name}.json`);
  await writeFile(`${path}.${process.pid}.part`, JSON.stringify(manifest));
  await rename(`${path}.${process.pid}.part`, path);
}
