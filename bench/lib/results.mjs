// The results that are there.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './peers.mjs';

/** Trials keep theirs elsewhere. */
export const resultsFolder = process.env.SLUICE_BENCH_RESULTS ?? join(root, 'bench', 'results');

/** Name → document. */
export function readResults() {
  if (!existsSync(resultsFolder)) return new Map();
  const names = readdirSync(resultsFolder).filter((name) => name.endsWith('.json'));
  return new Map(names.map((name) => [name.slice(0, -'.json'.length), read(join(resultsFolder, name))]));
}

/** Results from before ratios were those of pairs get that of the medians. */
function read(path) {
  const document = JSON.parse(readFileSync(path, 'utf8'));
  const ours = document.contestants?.[0].wallS;
  for (const each of document.contestants ?? [])
    each.ratio ??= each.wallS === undefined ? undefined : each.wallS / ours;
  return document;
}
