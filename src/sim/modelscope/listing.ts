import { isTrue, type Answer, type SimRequest } from '../answer.js';
import type { Commit, Repository, StoredFile } from '../repository.js';
import type { TreeFolder } from '../git-objects.js';
import { msAnswer, msNotFound } from './envelope.js';

/** `GET /api/v1/models/{id}/revisions`: branches and tags, the newest tag first. */
export function answerRevisions(repository: Repository): Answer {
  const of = (type: string): object[] =>
    repository.refs
      .filter((ref) => ref.type === type)
      .sort((a, b) => b.commit.date.getTime() - a.commit.date.getTime())
      .map(({ name, commit }) => ({ Revision: name, CreatedAt: unixSeconds(commit), CommitId: commit.id }));
  return msAnswer('ms-revisions', { RevisionMap: { Branches: of('branch'), Tags: of('tag') } });
}

/** `GET /api/v1/models/{id}/repo/files`. */
export function answerFiles(request: SimRequest, commit: Commit): Answer {
  const root = folderPath(request.query.get('Root'));
  const files = listFolder(commit, root, isTrue(request.query.get('Recursive')));
  if (files === undefined) return msNotFound('ms-files', `Folder ${root}`);
  return msAnswer('ms-files', { Files: files, LatestCommitter: committer(commit) });
}

/** `GET /api/v1/datasets/{id}/repo/tree`, in numbered pages. */
export function answerDatasetTree(request: SimRequest, commit: Commit): Answer {
  const { query } = request;
  const root = folderPath(query.get('Root'));
  const files = listFolder(commit, root, isTrue(query.get('Recursive')));
  if (files === undefined) return msNotFound('ms-files', `Folder ${root}`);
  const page = Math.max(1, Number(query.get('PageNumber') ?? 1));
  const size = Math.max(1, Number(query.get('PageSize') ?? 100));
  const Files = files.slice((page - 1) * size, page * size);
  return msAnswer('ms-files', { Files, TotalCount: files.length, PageNumber: page, PageSize: size });
}

export function unixSeconds(commit: Commit): number {
  return Math.floor(commit.date.getTime() / 1000);
}

function folderPath(root: string | null): string {
  return (root ?? '').replace(/^\/+|\/+$/g, '');
}

function listFolder(commit: Commit, root: string, recursive: boolean): object[] | undefined {
  let folder: TreeFolder | undefined = commit.tree;
  for (const name of root.split('/').filter((part) => part !== '')) folder = folder?.folders.get(name);
  if (folder === undefined) return undefined;
  const files: object[] = [];
  collect(commit, folder, root === '' ? '' : `${root}/`, recursive, files);
  return files;
}

function collect(commit: Commit, folder: TreeFolder, prefix: string, recursive: boolean, files: object[]): void {
  for (const [name, child] of folder.folders) {
    files.push({
      ...common(commit, prefix + name),
      Type: 'tree',
      Name: name,
      Size: 0,
      Sha256: '',
      Mode: '16384',
      IsLFS: false,
    });
    if (recursive) collect(commit, child, `${prefix}${name}/`, recursive, files);
  }
  for (const name of folder.files.keys()) {
    const file = commit.files.get(prefix + name);
    if (file !== undefined) files.push({ ...common(commit, file.path), ...blob(file) });
  }
}

function common(commit: Commit, path: string): object {
  return {
    Path: path,
    Revision: commit.id,
    CommittedDate: unixSeconds(commit),
    CommitMessage: commit.title,
    CommitterName: 'sim',
    InCheck: false,
  };
}

function blob(file: StoredFile): object {
  return {
    Type: 'blob',
    Name: file.path.split('/').at(-1) ?? file.path,
    Size: file.sizeBytes,
    Sha256: file.sha256,
    Mode: '33188',
    IsLFS: file.isLfs,
    Id: file.oid,
  };
}

function committer(commit: Commit): object {
  return {
    Id: commit.id,
    ShortId: commit.id.slice(0, 8),
    Title: commit.title,
    Message: commit.title,
    CommitterName: 'sim',
  };
}
