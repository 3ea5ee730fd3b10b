import { SluiceError } from '../../base/index.js';
import { fetchJson, type Headers, type SmallContext } from '../../net/index.js';
import { checkToken, encodePath, parseEndpoint, type Endpoint } from '../endpoint.js';
import { MAX_LISTING_ENTRIES, MAX_LISTING_PAGES } from '../limits.js';
import { checkFiles, makeManifest } from '../manifest.js';
import type { HubOptions } from '../options.js';
import type { Manifest, ManifestFile, Origin, Pinned, Source } from '../port.js';
import { repositoryPath, type Ref, type RepositoryRef } from '../ref.js';
import type { Asked } from '../refusal.js';
import { envelopeRefusal, modelScopeRefusal } from './refusal.js';
import { listingId, parseFiles, parseIsPublic, parseRevisions, unwrap, type Refuse, type Revision } from './wire.js';

const PUBLIC_ENDPOINT = 'https://modelscope.cn';
const DEFAULT_REVISION = 'master';
const DATASET_PAGE_ENTRIES = 200;

/**
 * The ModelScope protocol, as clients of both generations speak it: models and data sets. What other hubs call `main` is `master` here.
 * A hub that names no commit for a branch is pinned by its listing (`listingId`), which takes a second request.
 * @throws SluiceError BAD_SETTING for an endpoint or a token that makes no sense
 */
export function createModelScopeOrigin(options: HubOptions): Origin {
  return new ModelScopeOrigin(options);
}

class ModelScopeOrigin implements Origin {
  readonly kind = 'ms';
  readonly #endpoint: Endpoint;
  readonly #context: SmallContext;
  readonly #credentials: Headers;
  /** Listing ids in the place of commits, which the hub does not know, and the revisions that they stand for. */
  readonly #revisionOf = new Map<string, string>();

  constructor(options: HubOptions) {
    this.#endpoint = parseEndpoint(options.endpoint?.trim() || PUBLIC_ENDPOINT);
    this.#context = options;
    const token = checkToken(options.token);
    this.#credentials =
      token === undefined ? {} : { authorization: `Bearer ${token}`, cookie: `m_session_id=${token}` };
  }

  get id(): string {
    return this.#endpoint.id;
  }

  get endpoint(): string {
    return this.#endpoint.base;
  }

  async pin(ref: Ref, signal: AbortSignal): Promise<Pinned> {
    const repository = ownRef(ref);
    const wanted = repository.revision ?? DEFAULT_REVISION;
    const revisions = await this.#revisions(repository, wanted, signal);
    const found = findRevision(revisions, wanted);
    if (found === undefined) {
      // A commit id need not be the head of anything; the listing will tell whether it exists.
      if (/^[0-9a-f]{40}$/.test(wanted)) return { ref, revision: wanted, commit: wanted };
      const { host } = this.#endpoint;
      throw new SluiceError('REVISION_NOT_FOUND', { host, repository: repositoryPath(repository), revision: wanted });
    }
    const made = found.createdAtS === undefined ? {} : { createdAtS: found.createdAtS };
    if (found.commit !== undefined) return { ref, revision: found.name, commit: found.commit, ...made };
    return { ...(await this.#pinByListing(ref, repository, found.name, signal)), ...made };
  }

  async list(pinned: Pinned, signal: AbortSignal): Promise<Manifest> {
    const repository = ownRef(pinned.ref);
    const files = pinned.files ?? (await this.#pinnedFiles(repository, pinned, signal));
    return makeManifest(pinned, files, this.#endpoint.host);
  }

  source(pinned: Pinned, file: ManifestFile): Source {
    const repository = ownRef(pinned.ref);
    const asked: Asked = { ...this.#asked(repository, pinned.revision), path: file.path };
    const query = `Revision=${encodeURIComponent(this.#revision(pinned))}&FilePath=${encodeURIComponent(file.path)}`;
    return {
      id: this.id,
      url: `${this.#apiUrl(repository)}/repo?${query}`,
      credentials: this.#credentials,
      failure: (head, body) => modelScopeRefusal(head, body, asked),
    };
  }

  /** Asks without the token: a repository that only its owner sees is none to everybody else, and a gated one refuses its revisions. */
  async isPublic(ref: Ref, signal: AbortSignal): Promise<boolean> {
    const repository = ownRef(ref);
    const asked = { ...this.#asked(repository, DEFAULT_REVISION), withToken: false };
    try {
      if (!parseIsPublic(await this.#fetch(this.#apiUrl(repository), asked, signal, {}))) return false;
      if (this.#credentials.authorization === undefined) return true;
      await this.#fetch(`${this.#apiUrl(repository)}/revisions`, asked, signal, {});
      return true;
    } catch (error) {
      if (error instanceof SluiceError && error.retry === 'elsewhere') return false;
      throw error;
    }
  }

  /** `Data` of the hub's own answers. It tells no history. */
  async describe({ ref, revision }: Pinned, what: 'info' | 'refs' | 'commits', signal: AbortSignal): Promise<unknown> {
    const repository = ownRef(ref);
    if (what === 'commits') return [];
    const url = `${this.#apiUrl(repository)}${what === 'refs' ? '/revisions' : ''}`;
    return this.#fetch(url, this.#asked(repository, revision), signal);
  }

  /** Pinning showed that the repository is there, so what is not found now is the revision. */
  async #pinnedFiles(repository: RepositoryRef, pinned: Pinned, signal: AbortSignal): Promise<ManifestFile[]> {
    try {
      return await this.#files(repository, this.#revision(pinned), pinned.revision, signal);
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'REPOSITORY_NOT_FOUND') throw error;
      const details = { ...error.details, revision: pinned.revision };
      throw new SluiceError('REVISION_NOT_FOUND', details, { cause: error });
    }
  }

  async #pinByListing(ref: Ref, repository: RepositoryRef, name: string, signal: AbortSignal): Promise<Pinned> {
    const files = checkFiles(await this.#files(repository, name, name, signal), this.#endpoint.host);
    const commit = listingId(files);
    this.#revisionOf.set(commit, name);
    return { ref, revision: name, commit, files };
  }

  /** What the hub calls the pinned commit. */
  #revision(pinned: Pinned): string {
    return this.#revisionOf.get(pinned.commit) ?? pinned.commit;
  }

  /** Where data sets have no list of revisions, the one that was asked for is taken to be there until its listing says otherwise. */
  async #revisions(repository: RepositoryRef, wanted: string, signal: AbortSignal): Promise<readonly Revision[]> {
    const url = `${this.#apiUrl(repository)}/revisions`;
    try {
      return parseRevisions(await this.#fetch(url, this.#asked(repository, wanted), signal), this.#refuse);
    } catch (error) {
      const isMissing = error instanceof SluiceError && error.code === 'REPOSITORY_NOT_FOUND';
      if (repository.kind !== 'dataset' || !isMissing) throw error;
      return [{ name: wanted === 'main' ? DEFAULT_REVISION : wanted }];
    }
  }

  async #files(
    repository: RepositoryRef,
    revision: string,
    asName: string,
    signal: AbortSignal,
  ): Promise<ManifestFile[]> {
    const asked = this.#asked(repository, asName);
    const query = `Revision=${encodeURIComponent(revision)}&Recursive=True`;
    if (repository.kind === 'dataset')
      return this.#pages(`${this.#apiUrl(repository)}/repo/tree?${query}`, asked, signal);
    const data = await this.#fetch(`${this.#apiUrl(repository)}/repo/files?${query}`, asked, signal);
    return parseFiles(data, this.#refuse).files;
  }

  async #pages(url: string, asked: Asked, signal: AbortSignal): Promise<ManifestFile[]> {
    const files: ManifestFile[] = [];
    let entries = 0;
    for (let page = 1; page <= MAX_LISTING_PAGES; page += 1) {
      const paged = `${url}&Root=%2F&PageNumber=${page}&PageSize=${DATASET_PAGE_ENTRIES}`;
      const parsed = parseFiles(await this.#fetch(paged, asked, signal), this.#refuse);
      for (const file of parsed.files) files.push(file);
      entries += parsed.entries;
      if (entries > MAX_LISTING_ENTRIES) throw this.#refuse(`more than ${MAX_LISTING_ENTRIES} entries`);
      if (parsed.entries < DATASET_PAGE_ENTRIES) return files;
    }
    throw this.#refuse(`more than ${MAX_LISTING_PAGES} pages`);
  }

  readonly #refuse: Refuse = (reason) => new SluiceError('BAD_MANIFEST', { host: this.#endpoint.host, reason });

  #apiUrl(repository: RepositoryRef): string {
    return `${this.#endpoint.base}/api/v1/${repository.kind}s/${encodePath(repository.id)}`;
  }

  #asked(repository: RepositoryRef, revision: string): Asked {
    return {
      origin: this.#endpoint.origin,
      repository: repositoryPath(repository),
      revision,
      withToken: this.#credentials.authorization !== undefined,
    };
  }

  /** The `Data` of an answer. */
  async #fetch(
    url: string,
    asked: Asked,
    signal: AbortSignal,
    credentials: Headers = this.#credentials,
  ): Promise<unknown> {
    const { head, value } = await fetchJson(this.#context, {
      url,
      credentials,
      signal,
      failure: (answered, body) => modelScopeRefusal(answered, body, asked),
    });
    const unwrapped = unwrap(value, this.#refuse);
    if ('data' in unwrapped) return unwrapped.data;
    throw envelopeRefusal(unwrapped.code, unwrapped.message, head, asked);
  }
}

function findRevision(revisions: readonly Revision[], wanted: string): Revision | undefined {
  const named = revisions.find(({ name }) => name === wanted);
  if (named !== undefined) return named;
  if (wanted === 'main') return revisions.find(({ name }) => name === DEFAULT_REVISION);
  const head = revisions.find(({ commit }) => commit === wanted);
  // Asked for by its id, it stays known by its id.
  return head === undefined ? undefined : { ...head, name: wanted };
}

function ownRef(ref: Ref): RepositoryRef {
  if (ref.origin !== 'ms') throw new SluiceError('INTERNAL', { reason: `a ref of ${ref.origin}: given to ModelScope` });
  if (ref.kind === 'space')
    throw new SluiceError('BAD_REF', {
      ref: `ms:${repositoryPath(ref)}`,
      reason: 'ModelScope studios cannot be pulled, only models and data sets',
    });
  return ref;
}
