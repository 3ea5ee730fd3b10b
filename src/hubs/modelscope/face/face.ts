import { createHash } from 'node:crypto';
import { SluiceError, toSluiceError } from '../../../base/index.js';
import type { Catalogue, Face, FaceReply, FaceRequest } from '../../face.js';
import type { RepositoryRef } from '../../ref.js';
import { absent, answerOf, cacheHeaders, failureOf } from './envelope.js';
import { listEntries } from './listing.js';
import { cleanRevisions, revisionsOf } from './revisions.js';
import { isLogin, MODEL_SCOPE_ROUTES, parseRoute, type Asked } from './route.js';

const MAX_LOGIN_BYTES = 16 * 1024;
const MAX_PAGE_ENTRIES = 10_000;
/** Data sets whose number is known. */
const MOST_NUMBERS = 10_000;

type Repository = Omit<RepositoryRef, 'revision'>;

/** The reading half of ModelScope, as clients of both generations ask it: models and data sets. */
export function createModelScopeFace(catalogue: Catalogue): Face {
  const asking = new Asking(catalogue);
  return {
    name: 'modelscope',
    routes: MODEL_SCOPE_ROUTES,
    // Whoever logs in has nothing to show yet, and is told nothing.
    isOpen: isLogin,
    answer: (request) => {
      const route = parseRoute(request.path);
      if (route === undefined) return undefined;
      const withToken = request.caller.token !== undefined;
      return asking.answer(route, request).catch((thrown: unknown) => failureOf(toSluiceError(thrown), withToken));
    },
  };
}

class Asking {
  readonly #catalogue: Catalogue;
  readonly #numbered = new Map<number, Repository>();

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  async answer(route: Asked, request: FaceRequest): Promise<FaceReply> {
    if (route.what === 'login') return answerLogin(request);
    // Clients of the first generation fail when this is missing.
    if (route.what === 'acceleration') return answerOf({ InternalRegionQueryAddress: '' });
    const repository = 'number' in route ? this.#numbered.get(route.number) : route.repository;
    if (repository === undefined) return absent('The repository does not exist');
    if (route.what === 'info') return this.#info(repository, request);
    if (route.what === 'revisions') return this.#revisions(repository, request);
    if (route.what === 'listing') return this.#listing(repository, request);
    return this.#file(repository, request);
  }

  async #info(repository: Repository, { caller, signal }: FaceRequest): Promise<FaceReply> {
    const snapshot = await this.#catalogue.snapshot(repository, caller, signal);
    const [owner = '', name = ''] = repository.id.split('/');
    const { revision, isPublic, createdAtS = 0 } = snapshot.pinned;
    const info = {
      Id: this.#numberOf(repository),
      Name: name,
      Path: owner,
      Owner: owner,
      Namespace: owner,
      Visibility: isPublic === false ? 1 : 5,
      License: '',
      Tasks: [],
      Type: 1,
      DefaultRevision: revision,
      LastUpdatedTime: createdAtS,
      StorageSize: snapshot.files.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0),
    };
    return answerOf(info, cacheHeaders(snapshot));
  }

  async #revisions(repository: Repository, { caller, signal }: FaceRequest): Promise<FaceReply> {
    const snapshot = await this.#catalogue.snapshot(repository, caller, signal);
    const told = await this.#catalogue.describe(repository, 'refs', caller, signal).catch((thrown: unknown) => {
      // The snapshot says that the repository may be seen; what branches it has besides may be unknown.
      if (toSluiceError(thrown).exitCode === 4) throw thrown;
      return undefined;
    });
    return answerOf(cleanRevisions(told?.value) ?? revisionsOf(snapshot), cacheHeaders(told ?? snapshot));
  }

  async #listing(repository: Repository, { caller, signal, query }: FaceRequest): Promise<FaceReply> {
    const snapshot = await this.#catalogue.snapshot(refOf(repository, query), caller, signal);
    const recursive = /^(?:true|1)$/i.test(query.get('Recursive') ?? '');
    const entries = listEntries(snapshot, query.get('Root') ?? '', recursive);
    if (entries === undefined) return absent('The folder does not exist');
    const headers = cacheHeaders(snapshot);
    if (repository.kind === 'model')
      return answerOf({ Files: entries, LatestCommitter: { Id: snapshot.pinned.commit } }, headers);
    const number = pageNumber(query.get('PageNumber'), 1, Number.MAX_SAFE_INTEGER / MAX_PAGE_ENTRIES);
    const size = pageNumber(query.get('PageSize'), 100, MAX_PAGE_ENTRIES);
    const Files = entries.slice((number - 1) * size, number * size);
    return answerOf({ Files, TotalCount: entries.length, PageNumber: number, PageSize: size }, headers);
  }

  async #file(repository: Repository, { caller, signal, query }: FaceRequest): Promise<FaceReply> {
    const snapshot = await this.#catalogue.snapshot(refOf(repository, query), caller, signal);
    const path = query.get('FilePath') ?? '';
    const file = snapshot.files.find((candidate) => candidate.path === path);
    if (file === undefined) return absent('The file does not exist');
    const content = await this.#catalogue.content(snapshot, file, caller);
    const { sha256, gitSha1 } = file.digests;
    const digest = sha256 ?? gitSha1;
    const name = encodeURIComponent(path.split('/').at(-1) ?? path).replace(/'/g, '%27');
    const headers = {
      ...cacheHeaders({ ...snapshot, status: content.status }),
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename*=UTF-8''${name}`,
      ...(digest === undefined ? {} : { etag: `"${digest}"` }),
      ...(sha256 === undefined ? {} : { 'x-linked-etag': sha256 }),
    };
    return { status: 200, headers, content };
  }

  /** A number for a data set, the same for the same name, by which the first generation then asks for it. */
  #numberOf(repository: Repository): number {
    const number = createHash('sha256').update(`${repository.kind}s/${repository.id}`).digest().readUIntBE(0, 6);
    const [oldest] = this.#numbered.size >= MOST_NUMBERS ? this.#numbered.keys() : [];
    if (oldest !== undefined) this.#numbered.delete(oldest);
    if (repository.kind === 'dataset') this.#numbered.set(number, repository);
    return number;
  }
}

/** Answers with the token itself: whether it is one shows when it is used. */
async function answerLogin(request: FaceRequest): Promise<FaceReply> {
  const token = tokenOf((await request.body(MAX_LOGIN_BYTES)).toString());
  if (request.method !== 'POST' || token === undefined)
    return failureOf(new SluiceError('UNAUTHORIZED', { host: 'this mirror' }), false);
  const cookie = `m_session_id=${token}; Path=/; HttpOnly; SameSite=Lax`;
  return answerOf({ AccessToken: token, Username: 'sluice', Email: 'sluice@localhost' }, { 'set-cookie': cookie });
}

function tokenOf(body: string): string | undefined {
  try {
    const { AccessToken: token } = JSON.parse(body) as { AccessToken?: unknown };
    return typeof token === 'string' && /^[\w.~+/=-]{1,4096}$/.test(token) ? token : undefined;
  } catch {
    return undefined;
  }
}

function refOf(repository: Repository, query: URLSearchParams): RepositoryRef {
  const revision = query.get('Revision') ?? '';
  if (revision === '') return repository;
  if (!/^\w[\w./+#@-]{0,254}$/.test(revision))
    throw new SluiceError('REVISION_NOT_FOUND', { host: 'this mirror', repository: repository.id, revision });
  return { ...repository, revision };
}

function pageNumber(text: string | null, fallback: number, most: number): number {
  const number = Number(text ?? fallback);
  return Number.isInteger(number) && number >= 1 ? Math.min(number, most) : fallback;
}
