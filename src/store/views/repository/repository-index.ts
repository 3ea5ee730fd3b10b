import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unless } from '../../files/errors.js';
import { parseRepository, type RepositoryMetadata } from './repository-metadata.js';

interface IndexedCommit {
  readonly commit: string;
  readonly path: string;
  readonly metadata: string;
  readonly files: number;
  readonly sizeBytes: number;
  readonly complete: boolean;
}

interface IndexedRepository {
  readonly origin: string;
  readonly kind: string;
  readonly id: string;
  /** What each revision was last seen to mean. */
  readonly revisions: Readonly<Record<string, string>>;
  readonly commits: readonly IndexedCommit[];
}

export interface RepositoryIndex {
  readonly format: 'sluice/repository-index';
  readonly version: 1;
  readonly repositories: readonly IndexedRepository[];
}

/** `index.json`: every repository of the view, made from `metadata/`, so that it can always be made again. */
export async function buildIndex(root: string): Promise<RepositoryIndex> {
  const all: RepositoryMetadata[] = [];
  for (const path of await documentsBelow(join(root, 'metadata'))) {
    const metadata = parseRepository(await readFile(path, 'utf8'));
    if (metadata !== undefined) all.push(metadata);
  }
  const byRepository = new Map<string, RepositoryMetadata[]>();
  for (const one of all) byRepository.set(key(one), [...(byRepository.get(key(one)) ?? []), one]);
  const repositories = [...byRepository.values()];
  return {
    format: 'sluice/repository-index',
    version: 1,
    repositories: repositories.map(describe).sort((one, other) => (key(one) < key(other) ? -1 : 1)),
  };
}

export function formatIndex(index: RepositoryIndex): string {
  return `${JSON.stringify(index, undefined, 2)}\n`;
}

function key({ origin, kind, id }: { origin: string; kind: string; id: string }): string {
  return `${origin} ${kind} ${id}`;
}

function describe(commits: readonly RepositoryMetadata[]): IndexedRepository {
  const [{ origin, kind, id } = { origin: '', kind: '', id: '' }] = commits;
  return {
    ...{ origin, kind, id },
    revisions: newestRevisions(commits),
    commits: commits
      .map((one) => ({
        commit: one.commit,
        path: one.path,
        metadata: `metadata/${one.path}.json`,
        files: one.files.filter((file) => file.here).length,
        sizeBytes: one.files.reduce((sum, file) => sum + (file.here ? file.sizeBytes : 0), 0),
        complete: one.complete,
      }))
      .sort((one, other) => (one.commit < other.commit ? -1 : 1)),
  };
}

/** A branch that moved means the commit it was last seen at. */
function newestRevisions(commits: readonly RepositoryMetadata[]): Readonly<Record<string, string>> {
  const sightings = commits.flatMap(({ commit, revisions }) =>
    Object.entries(revisions).map(([name, at]) => ({ name, at, commit })),
  );
  sightings.sort((one, other) => (one.at < other.at ? -1 : 1));
  return Object.fromEntries(sightings.map(({ name, commit }) => [name, commit]));
}

async function documentsBelow(folder: string): Promise<readonly string[]> {
  const entries = (await unless(readdir(folder, { withFileTypes: true }))) ?? [];
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return documentsBelow(path);
      return entry.isFile() && entry.name.endsWith('.json') ? [path] : [];
    }),
  );
  return found.flat().sort();
}
