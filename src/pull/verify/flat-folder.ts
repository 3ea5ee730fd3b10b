import { readFile, readdir } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { assertSafePath, type Digests } from '../../base/index.js';
import { parseChecksums } from '../../hubs/index.js';
import { checkFile } from './check-file.js';
import type { Problem, VerifyProgress, Inspection } from './report.js';

const CHECKSUM_FILE =
  /^(?:(?:sha256|sha512|sha1|md5)sums?(?:\.txt)?|checksums?\.(?:sha256|sha512|txt)|.+\.(?:sha256|sha512|sha1|md5))$/i;

interface Expected {
  readonly path: string;
  readonly digests: Digests;
}

/**
 * Proves a flat folder by what stands beside its files: the metadata that Hugging Face's `--local-dir` (and Sluice) keeps,
 * and checksum lists. `path` may also be one checksum list.
 */
export async function verifyFlatFolder(
  path: string,
  progress: VerifyProgress,
  signal: AbortSignal,
): Promise<Inspection> {
  const isList = CHECKSUM_FILE.test(basename(path));
  const folder = isList ? dirname(path) : path;
  const expected = isList ? await fromList(path) : [...(await fromMetadata(folder)), ...(await fromLists(folder))];
  const problems: Problem[] = [];
  let checkedBytes = 0;
  for (const { path: name, digests } of expected) {
    signal.throwIfAborted();
    const verdict = await checkFile(join(folder, name), digests, undefined, signal);
    checkedBytes += verdict.sizeBytes;
    progress(join(folder, name), verdict.sizeBytes);
    if (verdict.state === 'problem') problems.push(verdict.problem);
  }
  const checked = new Set(expected.map((one) => one.path));
  const unprovable = isList
    ? []
    : (await filesIn(folder)).filter((name) => !checked.has(name) && !CHECKSUM_FILE.test(name));
  const layout = isList ? 'checksums' : 'flat';
  return { subject: path, layout, checkedFiles: expected.length, checkedBytes, unprovable, problems };
}

/** `.cache/huggingface/download/<path>.metadata`: commit, etag, time; the etag is the file's SHA-256 or git id. */
async function fromMetadata(folder: string): Promise<readonly Expected[]> {
  const root = join(folder, '.cache', 'huggingface', 'download');
  const found: Expected[] = [];
  for (const name of await filesIn(root)) {
    if (!name.endsWith('.metadata')) continue;
    const etag = (await readFile(join(root, name), 'utf8')).split('\n')[1]?.trim() ?? '';
    const digests = /^[0-9a-f]{64}$/.test(etag)
      ? { sha256: etag }
      : /^[0-9a-f]{40}$/.test(etag)
        ? { gitSha1: etag }
        : undefined;
    if (digests !== undefined) found.push({ path: name.slice(0, -'.metadata'.length), digests });
  }
  return found;
}

async function fromLists(folder: string): Promise<readonly Expected[]> {
  const lists = (await filesIn(folder)).filter((name) => CHECKSUM_FILE.test(basename(name)) && !name.includes('/'));
  return (await Promise.all(lists.map((name) => fromList(join(folder, name))))).flat();
}

async function fromList(path: string): Promise<readonly Expected[]> {
  const bare = basename(path).replace(/\.[^.]+$/, '');
  return parseChecksums(await readFile(path, 'utf8'), basename(path)).map((entry) => ({
    digests: entry.digests,
    path: assertSafePath(entry.path ?? bare),
  }));
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .split(sep)
        .join('/'),
    )
    .filter((name) => !name.startsWith('.cache/'));
}
