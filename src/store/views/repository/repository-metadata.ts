import type { ViewRequest } from '../port.js';

interface RepositoryFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256?: string;
  readonly gitOid?: string;
  readonly xetHash?: string;
  readonly lfs: boolean;
  /** Whether the file was landed; a filtered pull leaves some out. */
  readonly here: boolean;
}

/** `metadata/<folder>.json`. */
export interface RepositoryMetadata {
  readonly format: 'sluice/repository';
  readonly version: 1;
  readonly origin: string;
  readonly kind: string;
  readonly id: string;
  readonly commit: string;
  readonly endpoint: string;
  /** Revisions that meant this commit, and when that was last seen (ISO 8601). */
  readonly revisions: Readonly<Record<string, string>>;
  readonly path: string;
  readonly complete: boolean;
  readonly files: readonly RepositoryFile[];
}

/** What is now here of a repository at a commit: this landing and those before it. */
export function describeRepository(
  request: ViewRequest,
  path: string,
  before: RepositoryMetadata | undefined,
): RepositoryMetadata {
  const here = new Map(request.files.map((file) => [file.path, file.sha256]));
  for (const file of before?.files ?? []) {
    if (file.here && file.sha256 !== undefined && !here.has(file.path)) here.set(file.path, file.sha256);
  }
  const listed = new Map([...request.files, ...request.allFiles].map((file) => [file.path, file]));
  const files = [...listed.values()]
    .map((file): RepositoryFile => {
      const sha256 = here.get(file.path) ?? file.sha256;
      return {
        path: file.path,
        sizeBytes: file.sizeBytes,
        ...(sha256 === undefined ? {} : { sha256 }),
        ...(file.gitOid === undefined ? {} : { gitOid: file.gitOid }),
        ...(file.xetHash === undefined ? {} : { xetHash: file.xetHash }),
        lfs: file.lfs,
        here: here.has(file.path),
      };
    })
    .sort((one, other) => (one.path < other.path ? -1 : 1));
  const { origin, kind, id, commit, endpoint } = request;
  const complete = files.every((file) => file.here);
  const seen = before?.revisions[request.revision];
  // Landing the same again changes nothing, not even a time.
  const same = seen !== undefined && before?.complete === complete && before.files.length === files.length;
  const revisions = { ...before?.revisions, [request.revision]: same ? seen : new Date().toISOString() };
  return {
    ...{ format: 'sluice/repository', version: 1, origin, kind, id, commit, endpoint },
    ...{ revisions, path, complete, files },
  };
}

/** Never throws: undefined for what is not such a document. */
export function parseRepository(text: string): RepositoryMetadata | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  const texts = [fields.origin, fields.kind, fields.id, fields.commit, fields.endpoint, fields.path];
  if (fields.format !== 'sluice/repository' || fields.version !== 1) return undefined;
  if (!texts.every((field) => typeof field === 'string') || typeof fields.complete !== 'boolean') return undefined;
  if (!Array.isArray(fields.files) || !fields.files.every(isFile)) return undefined;
  const { revisions } = fields;
  if (typeof revisions !== 'object' || revisions === null || Array.isArray(revisions)) return undefined;
  if (!Object.values(revisions).every((at) => typeof at === 'string')) return undefined;
  return value as RepositoryMetadata;
}

function isFile(value: unknown): value is RepositoryFile {
  if (typeof value !== 'object' || value === null) return false;
  const { path, sizeBytes, here, sha256 } = value as Readonly<Record<string, unknown>>;
  const known = sha256 === undefined || typeof sha256 === 'string';
  return typeof path === 'string' && typeof sizeBytes === 'number' && typeof here === 'boolean' && known;
}
