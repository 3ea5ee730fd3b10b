import { createHash } from 'node:crypto';
import { SluiceError, toSluiceError } from '../../base/index.js';
import { parseDigest } from './names.js';
import { Registry } from './registry.js';
import { RegistryRequests, type RegistryOptions } from './registry-requests.js';

export interface PutManifest {
  readonly sha256: string;
  /** Whether the registry says that it took note of the manifest's subject, and lists it among its referrers (OCI distribution 1.1, "Pushing Manifests with Subject"). */
  readonly isReferrer: boolean;
}

/** The writing half of a registry (OCI distribution 1.1), for what fits into memory. Throws SluiceErrors. */
export class RegistryWriter {
  readonly reader: Registry;
  readonly #requests: RegistryRequests;

  constructor(options: RegistryOptions) {
    this.reader = new Registry(options);
    this.#requests = new RegistryRequests(options, 'pull,push');
  }

  /** Brings a blob; one that is there already stays. Returns its SHA-256 in hexadecimal. */
  async putBlob(repository: string, bytes: Buffer, signal: AbortSignal): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const path = `${repository}/blobs/uploads/`;
    const started = await this.#requests.ask(
      { repository, path, send: { method: 'POST', body: Buffer.alloc(0) } },
      signal,
    );
    const { location } = started.head.headers;
    const url = URL.canParse(location ?? '', started.head.url) ? new URL(location ?? '', started.head.url) : undefined;
    if (location === undefined || url === undefined) throw this.#nonsense('an upload without a place to go on');
    url.searchParams.set('digest', `sha256:${sha256}`);
    const headers = { 'content-type': 'application/octet-stream' };
    try {
      await this.#requests.ask(
        { repository, path, url: url.href, headers, send: { method: 'PUT', body: bytes } },
        signal,
      );
    } catch (thrown) {
      // Of a try that broke off the registry may have all: the upload is then over, and a second try meets none.
      const bytesThere = await this.reader.blobBytes(repository, sha256, signal).catch(() => undefined);
      if (bytesThere !== bytes.length) throw thrown;
    }
    return sha256;
  }

  /** `reference` is a tag; without one the manifest is known by its digest alone. */
  async putManifest(
    repository: string,
    reference: string | undefined,
    mediaType: string,
    bytes: Buffer,
    signal: AbortSignal,
  ): Promise<PutManifest> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const path = `${repository}/manifests/${reference ?? `sha256:${sha256}`}`;
    const { head } = await this.#requests.ask(
      { repository, path, headers: { 'content-type': mediaType }, send: { method: 'PUT', body: bytes } },
      signal,
    );
    const kept = parseDigest(head.headers['docker-content-digest']);
    if (kept !== undefined && kept !== sha256)
      throw new SluiceError('DIGEST_MISMATCH', {
        ...{ path, algorithm: 'sha256', expected: sha256, actual: kept, source: this.reader.id },
      });
    return { sha256, isReferrer: parseDigest(head.headers['oci-subject']) !== undefined };
  }

  /** A manifest, or undefined where there is none of that name. */
  async find(repository: string, reference: string, signal: AbortSignal): Promise<Buffer | undefined> {
    try {
      return (await this.reader.manifest(repository, reference, undefined, signal)).bytes;
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (error.exitCode === 3) return undefined;
      throw error;
    }
  }

  #nonsense(reason: string): SluiceError {
    return new SluiceError('BAD_RESPONSE', { host: this.#requests.endpoint.host, reason });
  }
}
