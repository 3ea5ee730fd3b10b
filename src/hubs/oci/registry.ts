import { createHash } from 'node:crypto';
import { SluiceError, toSluiceError } from '../../base/index.js';
import type { ResponseHead, SmallAnswer, SmallRequest } from '../../net/index.js';
import type { Endpoint } from '../endpoint.js';
import { asObject, asString, field } from '../fields.js';
import type { Source } from '../port.js';
import { wholeSize } from '../http/wire.js';
import { isTag, parseDigest } from './names.js';
import { MOST_PAGES, nextQuery } from './pages.js';
import { RegistryRequests, type RegistryOptions } from './registry-requests.js';
import { parseTags } from './tags.js';

/** A manifest as its bytes, which are what its digest is of. */
export interface RawManifest {
  readonly mediaType: string;
  /** SHA-256 in hexadecimal, of `bytes`. */
  readonly sha256: string;
  readonly bytes: Buffer;
}

/** Registries refuse larger ones (OCI distribution 1.1). */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_TAGS_BYTES = 16 * 1024 * 1024;

const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** The reading half of a registry (OCI distribution 1.1). Throws SluiceErrors. */
export class Registry {
  readonly #requests: RegistryRequests;
  readonly #endpoint: Endpoint;

  constructor(options: RegistryOptions) {
    this.#requests = new RegistryRequests(options, 'pull');
    this.#endpoint = this.#requests.endpoint;
  }

  get id(): string {
    return this.#endpoint.id;
  }

  /**
   * `reference` is a tag or `sha256:…`; what comes must have that digest. `accept` is what the client can read; to one who reads anything every kind is named, since
   * registries answer 404 otherwise.
   */
  async manifest(
    repository: string,
    reference: string,
    accept: string | undefined,
    signal: AbortSignal,
  ): Promise<RawManifest> {
    const path = `${repository}/manifests/${reference}`;
    const wanted = parseDigest(reference);
    if (wanted === undefined && !isTag(reference)) throw this.#missing(path);
    const { head, body } = await this.#get(repository, path, signal, {
      accept: accept === undefined || accept.includes('*/*') ? `${MANIFEST_TYPES}, */*` : accept,
      limitBytes: MAX_MANIFEST_BYTES,
    });
    const sha256 = createHash('sha256').update(body).digest('hex');
    if (wanted !== undefined && wanted !== sha256)
      throw new SluiceError('DIGEST_MISMATCH', {
        ...{ path, algorithm: 'sha256', expected: wanted, actual: sha256, source: this.id },
      });
    const mediaType = head.headers['content-type']?.split(';')[0]?.trim() ?? mediaTypeIn(body);
    return { mediaType: mediaType ?? 'application/octet-stream', sha256, bytes: body };
  }

  /** The index of manifests that call this one their subject, page by page. @throws SluiceError FILE_NOT_FOUND where the registry keeps none */
  referrers(repository: string, sha256: string, signal: AbortSignal): Promise<readonly Buffer[]> {
    return this.#pages(repository, `${repository}/referrers/sha256:${sha256}`, MAX_MANIFEST_BYTES, signal);
  }

  /** A blob that fits into memory, proven by its digest. */
  async smallBlob(repository: string, sha256: string, limitBytes: number, signal: AbortSignal): Promise<Buffer> {
    const path = `${repository}/blobs/sha256:${sha256}`;
    const { body } = await this.#get(repository, path, signal, { limitBytes });
    const actual = createHash('sha256').update(body).digest('hex');
    if (actual === sha256) return body;
    throw new SluiceError('DIGEST_MISMATCH', {
      ...{ path, algorithm: 'sha256', expected: sha256, actual, source: this.id },
    });
  }

  /** How long a blob is, where no manifest has told. Costs a request. */
  async blobBytes(repository: string, sha256: string, signal: AbortSignal): Promise<number> {
    const path = `${repository}/blobs/sha256:${sha256}`;
    const length = wholeSize(await this.#look(repository, path, signal));
    if (length === undefined)
      throw new SluiceError('BAD_RESPONSE', { host: this.#endpoint.host, reason: 'a blob without a length' });
    return length;
  }

  /** @throws SluiceError BAD_MANIFEST for a list that cannot be understood: an empty one would say that there are no tags */
  async tags(repository: string, signal: AbortSignal): Promise<readonly string[]> {
    const found: string[] = [];
    for (const page of await this.#pages(repository, `${repository}/tags/list`, MAX_TAGS_BYTES, signal)) {
      const tags = parseTags(parse(page));
      if (tags === undefined) throw this.#nonsense('the list of tags is none');
      found.push(...tags);
    }
    return found;
  }

  /** All pages of a list. Half of one would pass for all of it. */
  async #pages(repository: string, path: string, limitBytes: number, signal: AbortSignal): Promise<readonly Buffer[]> {
    const pages: Buffer[] = [];
    const asked = new Set<string>();
    let leftBytes = limitBytes;
    for (let query: string | undefined = ''; query !== undefined;) {
      asked.add(query);
      const { head, body }: SmallAnswer = await this.#get(repository, path + query, signal, { limitBytes: leftBytes });
      pages.push(body);
      leftBytes -= body.length;
      query = nextQuery(head.headers.link, `${this.#endpoint.base}/v2/${path}`);
      if (query !== undefined && (asked.has(query) || pages.length >= MOST_PAGES))
        throw this.#nonsense('a list without an end');
    }
    return pages;
  }

  /** The source of a blob; the registry is asked for a token first, where it wants one. */
  async source(repository: string, sha256: string, signal: AbortSignal): Promise<Source> {
    const path = `${repository}/blobs/sha256:${sha256}`;
    const { tokens } = this.#requests;
    if (tokens.headerFor(repository) === undefined) await this.#look(repository, path, signal);
    return {
      id: this.id,
      url: `${this.#endpoint.base}/v2/${path}`,
      get credentials() {
        const authorization = tokens.headerFor(repository);
        return authorization === undefined ? {} : { authorization };
      },
      failure: (head, body) => {
        if (head.status === 401 && new URL(head.url).origin === this.#endpoint.origin) {
          this.#requests.renew(repository, head);
          return new SluiceError('EXPIRED', { host: this.#endpoint.host, status: 401 });
        }
        return this.#requests.refusal(path)(head, body);
      },
    };
  }

  /** The head of an answer that is a blob, of which one byte is asked for: of a whole one that is broken off some MiB are on their way by then. */
  async #look(repository: string, path: string, signal: AbortSignal): Promise<ResponseHead> {
    const look = async (more: object): Promise<ResponseHead> =>
      (await this.#get(repository, path, signal, { headOnly: true, ...more })).head;
    try {
      return await look({ range: { startByte: 0, endByte: 1 } });
    } catch (thrown) {
      // An empty blob has no first byte, and some storages know no ranges.
      if (toSluiceError(thrown).code !== 'RANGE_REFUSED') throw thrown;
      return look({});
    }
  }

  #get(
    repository: string,
    path: string,
    signal: AbortSignal,
    more: Pick<SmallRequest, 'limitBytes' | 'headOnly' | 'range'> & { readonly accept?: string },
  ): Promise<SmallAnswer> {
    const { accept, ...rest } = more;
    const headers = accept === undefined ? {} : { accept };
    return this.#requests.ask({ repository, path, headers, ...rest }, signal);
  }

  #nonsense(reason: string): SluiceError {
    return new SluiceError('BAD_MANIFEST', { host: this.#endpoint.host, reason });
  }

  #missing(path: string): SluiceError {
    return new SluiceError('FILE_NOT_FOUND', { host: this.#endpoint.host, path });
  }
}

/** Ollama's registry names no type in its headers. */
function mediaTypeIn(body: Buffer): string | undefined {
  return asString(field(asObject(parse(body)), 'mediaType'));
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}
