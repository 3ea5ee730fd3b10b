import { createHash } from 'node:crypto';

/** The text that git-lfs commits in place of a large file. */
export function lfsPointer(sha256: string, sizeBytes: number): string {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${sizeBytes}\n`;
}

export interface TreeFolder {
  readonly oid: string;
  readonly files: ReadonlyMap<string, string>;
  readonly folders: ReadonlyMap<string, TreeFolder>;
}

interface Building {
  readonly files: Map<string, string>;
  readonly folders: Map<string, Building>;
}

/** git's tree objects over blob ids by path. */
export function buildTree(blobs: Iterable<readonly [path: string, oid: string]>): TreeFolder {
  const root: Building = { files: new Map(), folders: new Map() };
  for (const [path, oid] of blobs) {
    const names = path.split('/');
    const name = names.pop() ?? '';
    let folder = root;
    for (const part of names) {
      const next = folder.folders.get(part) ?? { files: new Map(), folders: new Map() };
      folder.folders.set(part, next);
      folder = next;
    }
    folder.files.set(name, oid);
  }
  return finish(root);
}

function finish(building: Building): TreeFolder {
  const folders = new Map([...building.folders].map(([name, folder]) => [name, finish(folder)] as const));
  // git sorts names as bytes, folders as if they ended in a slash.
  const entries = [
    ...[...building.files].map(([name, oid]) => ({ key: name, head: `100644 ${name}\0`, oid })),
    ...[...folders].map(([name, folder]) => ({ key: `${name}/`, head: `40000 ${name}\0`, oid: folder.oid })),
  ].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  const body = Buffer.concat(entries.flatMap((entry) => [Buffer.from(entry.head), Buffer.from(entry.oid, 'hex')]));
  return { oid: objectId('tree', body), files: building.files, folders };
}

export interface CommitText {
  readonly tree: string;
  readonly parent: string | undefined;
  readonly author: string;
  readonly date: Date;
  readonly title: string;
}

export function commitId({ tree, parent, author, date, title }: CommitText): string {
  const signed = `${author} <${author}@sim.invalid> ${Math.floor(date.getTime() / 1000)} +0000`;
  const text = `tree ${tree}\n${parent === undefined ? '' : `parent ${parent}\n`}author ${signed}\ncommitter ${signed}\n\n${title}\n`;
  return objectId('commit', Buffer.from(text));
}

function objectId(type: string, body: Buffer): string {
  return createHash('sha1').update(`${type} ${body.length}\0`).update(body).digest('hex');
}
