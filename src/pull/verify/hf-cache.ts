import { readdir, readlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { checkFile } from './check-file.js';
import type { Problem, VerifyProgress, Inspection } from './report.js';

const REPOSITORY = /^(models|datasets|spaces)--([A-Za-z0-9._-]+)$/;

/** Whether a folder is a Hugging Face cache (`hub`), or one repository in it. */
export async function isHfCache(path: string): Promise<boolean> {
  if (REPOSITORY.test(basename(path))) return true;
  return (await names(path)).some((name) => REPOSITORY.test(name));
}

/**
 * Proves a Hugging Face cache that any tool wrote, without network: a blob's name is its SHA-256 (64 hex) or its git id
 * (40 hex).
 */
export async function verifyHfCache(path: string, progress: VerifyProgress, signal: AbortSignal): Promise<Inspection> {
  const repositories = REPOSITORY.test(basename(path))
    ? [path]
    : (await names(path)).filter((name) => REPOSITORY.test(name)).map((name) => join(path, name));
  const unprovable: string[] = [];
  const problems: Problem[] = [];
  let checkedFiles = 0;
  let checkedBytes = 0;
  for (const repository of repositories) {
    const users = await blobUsers(repository);
    for (const name of new Set([...(await blobNames(repository)), ...users.keys()])) {
      signal.throwIfAborted();
      const blob = join(repository, 'blobs', name);
      const verdict = await checkFile(
        blob,
        name.length === 64 ? { sha256: name } : { gitSha1: name },
        undefined,
        signal,
      );
      checkedFiles += 1;
      checkedBytes += verdict.sizeBytes;
      progress(blob, verdict.sizeBytes);
      if (verdict.state === 'problem') problems.push({ ...verdict.problem, ...origin(repository, users.get(name)) });
    }
    unprovable.push(...(await plainFiles(join(repository, 'snapshots'))));
  }
  return { subject: path, layout: 'hf', checkedFiles, checkedBytes, unprovable, problems };
}

/** Which snapshot file stands for each blob: the first `commit/path` that links to it. */
async function blobUsers(repository: string): Promise<ReadonlyMap<string, { commit: string; path: string }>> {
  const users = new Map<string, { commit: string; path: string }>();
  const snapshots = join(repository, 'snapshots');
  for (const entry of await entries(snapshots)) {
    if (!entry.isSymbolicLink()) continue;
    const full = join(entry.parentPath, entry.name);
    const target = await readlink(full);
    const blob = basename(target);
    if (basename(dirname(target)) !== 'blobs' || !isBlobName(blob) || users.has(blob)) continue;
    const [commit = '', ...rest] = full.slice(snapshots.length + 1).split(/[/\\]/);
    users.set(blob, { commit, path: rest.join('/') });
  }
  return users;
}

function origin(repository: string, user: { commit: string; path: string } | undefined): Pick<Problem, 'from'> {
  const match = REPOSITORY.exec(basename(repository));
  if (user === undefined || match === null) return {};
  const [, plural = 'models', name = ''] = match;
  const id = name.replace('--', '/');
  const ref = `hf:${plural === 'models' ? '' : `${plural}/`}${id}@${user.commit}`;
  return { from: { ref, path: user.path, view: { view: 'hf', root: dirname(repository) } } };
}

async function blobNames(repository: string): Promise<readonly string[]> {
  return (await names(join(repository, 'blobs'))).filter(isBlobName);
}

function isBlobName(name: string): boolean {
  return /^(?:[0-9a-f]{64}|[0-9a-f]{40})$/.test(name);
}

/** Real files in a snapshot (written where links are impossible) carry no digest in their name. */
async function plainFiles(folder: string): Promise<readonly string[]> {
  return (await entries(folder)).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function entries(folder: string): ReturnType<typeof readEntries> {
  return readEntries(folder).catch(() => []);
}

function readEntries(folder: string) {
  return readdir(folder, { withFileTypes: true, recursive: true });
}

async function names(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
