import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unless } from '../files/errors.js';
import { joinRanges, sizeOf } from './claims.js';
import type { ForeignPartial, ForeignSearch } from './foreign-partial.js';
import { parseOllamaPart } from './ollama-part.js';

const TOOL = 'ollama';

/** Ollama's `blobs/sha256-<hex>`, or `…-partial` with the parts that its `…-partial-<n>` files say are there. */
export async function findInOllama(models: string, search: ForeignSearch): Promise<readonly ForeignPartial[]> {
  const { sha256 } = search.digests;
  if (sha256 === undefined) return [];
  const whole = join(models, 'blobs', `sha256-${sha256}`);
  const wholeSize = await sizeOf(whole);
  const found: ForeignPartial[] = [];
  if (wholeSize !== undefined && wholeSize > 0 && wholeSize === (search.sizeBytes ?? wholeSize)) {
    found.push({ path: whole, tool: TOOL, ranges: [{ startByte: 0, endByte: wholeSize }], atByte: 0 });
  }
  const partial = `${whole}-partial`;
  const size = await sizeOf(partial);
  if (size === undefined) return found;
  const names = (await unless(readdir(join(models, 'blobs')), ['ENOENT', 'ENOTDIR', 'EACCES'])) ?? [];
  const parts = names.filter((name) => new RegExp(`^sha256-${sha256}-partial-\\d+$`).test(name));
  const claims = await Promise.all(
    parts.map(async (name) => {
      const text = await unless(readFile(join(models, 'blobs', name), 'utf8'), ['ENOENT', 'EACCES', 'EISDIR']);
      return text === undefined ? undefined : parseOllamaPart(text);
    }),
  );
  const ranges = joinRanges(
    claims.filter((claim) => claim !== undefined),
    Math.min(size, search.sizeBytes ?? size),
  );
  if (ranges.length > 0) found.push({ path: partial, tool: TOOL, ranges, atByte: 0 });
  return found;
}
