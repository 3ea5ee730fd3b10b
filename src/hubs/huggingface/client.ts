import { SluiceError } from '../../base/index.js';
import { fetchJson, type Headers, type ResponseHead, type SmallContext } from '../../net/index.js';
import { checkToken, encodePath, parseEndpoint, type Endpoint } from '../endpoint.js';
import type { Question } from '../face.js';
import { asArray, asObject } from '../fields.js';
import { MAX_DESCRIPTION_BYTES, MAX_LISTING_ENTRIES, MAX_LISTING_PAGES } from '../limits.js';
import { makeManifest } from '../manifest.js';
import type { HubOptions } from '../options.js';
import type { Manifest, ManifestFile, Origin, Pinned, Source } from '../port.js';
import { repositoryPath, type Ref, type RepositoryRef } from '../ref.js';
import type { Asked } from '../refusal.js';
import { describeRepository } from './describe.js';
import { huggingFaceRefusal } from './refusal.js';
import { XetSources } from './xet-source.js';
import { parseCommit, parseIsPublic, parseNextQuery, parseTreePage, type Refuse } from './wire.js';

const PUBLIC_ENDPOINT = 'https://huggingface.co';
const DEFAULT_REVISION = 'main';

/**
 * The Hugging Face protocol: models, data sets and spaces of huggingface.co, its mirrors and hubs that speak like it.
 * @throws SluiceError BAD_SETTING for an endpoint or a token that makes no sense
 */
export function createHuggingFaceOrigin(options: HubOptions): Origin {
  return new HuggingFaceOrigin(options);
}

class HuggingFaceOrigin implements Origin {
  readonly kind = 'hf';
  readonly #endpoint: Endpoint;
  readonly #context: SmallContext;
  readonly #credentials: Headers;
  /**
   * huggingface.co redirects small files to an address below `/api/resolve-cache/` that is the same for ever. Once a redirect showed that this endpoint
   * does so, the others are asked for there at once: half the requests of a repository of small files.
   */
  readonly #shortcut = { isOpen: false };
  readonly #options: HubOptions;
  readonly #xet = new Map<string, XetSources>();

  constructor(options: HubOptions) {
    this.#endpoint = parseEndpoint(options.endpoint?.trim() || PUBLIC_ENDPOINT);
    this.#context = options;
    this.#options = options;
    const token = checkToken(options.token);
    this.#credentials = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  get id(): string {
    return this.#endpoint.id;
  }

  get endpoint(): string {
    return this.#endpoint.base;
  }

  async pin(ref: Ref, signal: AbortSignal): Promise<Pinned> {
    const repository = ownRef(ref);
    const revision = repository.revision ?? DEFAULT_REVISION;
    const url = `${this.#apiUrl(repository)}/revision/${encodeURIComponent(revision)}`;
    const { value } = await this.#fetch(url, this.#asked(repository, revision), signal);
    const isPublic = parseIsPublic(value);
    const commit = parseCommit(value, this.#refuse);
    return { ref, revision, commit, ...(isPublic === undefined ? {} : { isPublic }) };
  }

  async list(pinned: Pinned, signal: AbortSignal): Promise<Manifest> {
    const repository = ownRef(pinned.ref);
    const url = `${this.#apiUrl(repository)}/tree/${encodeURIComponent(pinned.commit)}`;
    const asked = this.#asked(repository, pinned.revision);
    const files: ManifestFile[] = [];
    const seen = new Set<string>();
    let entries = 0;
    for (let query: string | undefined = 'recursive=true&expand=false'; query !== undefined;) {
      if (seen.has(query)) throw this.#refuse('its pages go round in a circle');
      if (seen.size >= MAX_LISTING_PAGES) throw this.#refuse(`more than ${MAX_LISTING_PAGES} pages`);
      seen.add(query);
      const { head, value } = await this.#fetch(`${url}?${query}`, asked, signal);
      const page = parseTreePage(value, this.#refuse);
      for (const file of page.files) files.push(file);
      entries += page.entries;
      if (entries > MAX_LISTING_ENTRIES) throw this.#refuse(`more than ${MAX_LISTING_ENTRIES} entries`);
      query = parseNextQuery(head.headers.link);
    }
    return makeManifest(pinned, files, this.#endpoint.host);
  }

  describe(pinned: Pinned, what: 'info' | 'refs' | 'commits', signal: AbortSignal): Promise<unknown> {
    const repository = ownRef(pinned.ref);
    const asked = this.#asked(repository, pinned.revision);
    const fetchValue = (url: string): Promise<{ head: ResponseHead; value: unknown }> =>
      this.#fetch(url, asked, signal, MAX_DESCRIPTION_BYTES);
    return describeRepository(this.#apiUrl(repository), pinned.commit, what, fetchValue, this.#refuse);
  }

  async ask(question: Question, signal: AbortSignal): Promise<{ value: unknown; nextQuery?: string }> {
    const path = question.what === 'caller' ? 'whoami-v2' : `${question.kind}s?${question.query}`;
    const asked = this.#asked(undefined, undefined);
    const url = `${this.#endpoint.base}/api/${path}`;
    const { head, value } = await this.#fetch(url, asked, signal, MAX_DESCRIPTION_BYTES);
    const isSense = question.what === 'caller' ? asObject(value) !== undefined : asArray(value) !== undefined;
    // Read as it is it would say that there is nothing.
    if (!isSense) throw this.#refuse(`the answer to ${question.what} is none`);
    const nextQuery = parseNextQuery(head.headers.link);
    return { value, ...(nextQuery === undefined ? {} : { nextQuery }) };
  }

  source(pinned: Pinned, file: ManifestFile): Source {
    const repository = ownRef(pinned.ref);
    const asked: Asked = { ...this.#asked(repository, pinned.revision), path: file.path };
    const commit = encodeURIComponent(pinned.commit);
    const path = encodePath(file.path);
    const url = `${this.#endpoint.base}/${encodePath(repositoryPath(repository))}/resolve/${commit}/${path}`;
    // Only files of git stand there; weights are redirected to where their bytes are.
    const isSmall = file.digests.sha256 === undefined;
    const shortUrl = `${this.#endpoint.base}/api/resolve-cache/${repository.kind}s/${encodePath(repository.id)}/${commit}/${path}`;
    const shortcut = this.#shortcut;
    return {
      id: this.id,
      get url() {
        return isSmall && shortcut.isOpen ? shortUrl : url;
      },
      credentials: this.#credentials,
      failure: (head, body) => {
        const failure = huggingFaceRefusal(head, body, asked);
        if (!shortcut.isOpen || head.url !== shortUrl || failure.exitCode !== 3) return failure;
        shortcut.isOpen = false;
        return new SluiceError('EXPIRED', { host: this.#endpoint.host, status: head.status }, { cause: failure });
      },
      redirected: (target) => {
        if (isSmall && target.split('?')[0] === shortUrl) shortcut.isOpen = true;
      },
    };
  }

  xetSource(pinned: Pinned, file: ManifestFile): Source | undefined {
    const repository = ownRef(pinned.ref);
    const key = `${repositoryPath(repository)} ${pinned.commit}`;
    const asked = this.#asked(repository, pinned.revision);
    const sources =
      this.#xet.get(key) ??
      new XetSources({
        options: this.#options,
        endpoint: this.#endpoint.base,
        id: this.id,
        repository,
        pinned,
        credentials: this.#credentials,
        failure: (head, body) => huggingFaceRefusal(head, body, asked),
      });
    this.#xet.set(key, sources);
    return sources.sourceOf(file);
  }

  readonly #refuse: Refuse = (reason) => new SluiceError('BAD_MANIFEST', { host: this.#endpoint.host, reason });

  #apiUrl(repository: RepositoryRef): string {
    return `${this.#endpoint.base}/api/${repository.kind}s/${encodePath(repository.id)}`;
  }

  #asked(repository: RepositoryRef | undefined, revision: string | undefined): Asked {
    return {
      origin: this.#endpoint.origin,
      ...(repository === undefined ? {} : { repository: repositoryPath(repository) }),
      ...(revision === undefined ? {} : { revision }),
      withToken: this.#credentials.authorization !== undefined,
    };
  }

  #fetch(
    url: string,
    asked: Asked,
    signal: AbortSignal,
    limitBytes?: number,
  ): Promise<{ head: ResponseHead; value: unknown }> {
    return fetchJson(this.#context, {
      url,
      ...(limitBytes === undefined ? {} : { limitBytes }),
      credentials: this.#credentials,
      signal,
      failure: (head, body) => huggingFaceRefusal(head, body, asked),
    });
  }
}

function ownRef(ref: Ref): RepositoryRef {
  if (ref.origin !== 'hf')
    throw new SluiceError('INTERNAL', { reason: `a ref of ${ref.origin}: given to Hugging Face` });
  return ref;
}
