import { SluiceError } from '../../base/index.js';
import { fetchSmall, type Headers, type ResponseHead, type SmallContext } from '../../net/index.js';
import { MAX_CHECKSUM_BYTES } from '../limits.js';
import { checkFiles, makeManifest } from '../manifest.js';
import type { OriginOptions } from '../options.js';
import type { Manifest, ManifestFile, Origin, Pinned, Source } from '../port.js';
import type { Ref, UrlRef } from '../ref.js';
import { awayRefusal, statusRefusal, type Asked } from '../refusal.js';
import { lastSegment } from './file-name.js';
import {
  besideUrl,
  contentId,
  describedFile,
  isChecksumList,
  listedFiles,
  splitCredentials,
  wholeSize,
} from './wire.js';

export interface HttpOriginOptions extends OriginOptions {
  /** Where this origin has what a ref names: the ref's own URL, or that of the same file or list on a mirror. */
  readonly url: string;
  /** It is the one file at this URL that is wanted, also where its name is that of a checksum list. */
  readonly isOneFile?: boolean;
}

/**
 * Plain HTTP(S): one file, or the files that a checksum list names beside it. User info in the URL is sent as Basic credentials to
 * its origin only. What a file is, is asked by a GET of its first byte, as many servers refuse HEAD.
 */
export function createHttpOrigin(options: HttpOriginOptions): Origin {
  return new HttpOrigin(options);
}

class HttpOrigin implements Origin {
  readonly kind = 'https';
  readonly id: string;
  readonly endpoint: string;
  readonly #url: string;
  readonly #credentials: Headers;
  readonly #context: SmallContext;
  readonly #isOneFile: boolean;

  constructor(options: HttpOriginOptions) {
    const { host, origin } = parseHttpUrl(options.url);
    const { url, credentials } = splitCredentials(options.url);
    this.id = host;
    this.endpoint = origin;
    this.#url = url;
    this.#credentials = credentials;
    this.#context = options;
    this.#isOneFile = options.isOneFile ?? false;
  }

  async pin(ref: Ref, signal: AbortSignal): Promise<Pinned> {
    const { url } = splitCredentials(ownUrl(ref));
    const found = this.#isList(url) ? await this.#listed(signal) : [await this.#described(signal)];
    const files = checkFiles(found, this.id);
    // Of the ref's URL, so that a mirror with the same validators or digests pins the same content.
    const commit = contentId(url, files);
    return { ref, revision: commit, commit, files };
  }

  async list(pinned: Pinned, signal: AbortSignal): Promise<Manifest> {
    if (pinned.files !== undefined) return makeManifest(pinned, pinned.files, this.id);
    const again = await this.pin(pinned.ref, signal);
    if (again.commit !== pinned.commit)
      throw new SluiceError('SOURCE_CHANGED', { source: this.id, path: lastSegment(this.#url) });
    return makeManifest(pinned, again.files ?? [], this.id);
  }

  source(pinned: Pinned, file: ManifestFile): Source {
    const isList = this.#isList(splitCredentials(ownUrl(pinned.ref)).url);
    const url = isList ? besideUrl(this.#url, file.path) : this.#url;
    const asked = this.#asked(file.path);
    return {
      id: this.id,
      url,
      credentials: this.#credentials,
      failure: (head, body) => refusal(head, body, asked),
    };
  }

  #isList(url: string): boolean {
    return !this.#isOneFile && isChecksumList(url);
  }

  async #listed(signal: AbortSignal): Promise<ManifestFile[]> {
    const asked = this.#asked(lastSegment(this.#url));
    const { body } = await fetchSmall(this.#context, {
      url: this.#url,
      credentials: this.#credentials,
      signal,
      limitBytes: MAX_CHECKSUM_BYTES,
      failure: (head, text) => refusal(head, text, asked),
    });
    return listedFiles(this.#url, decodeText(body, this.id));
  }

  async #described(signal: AbortSignal): Promise<ManifestFile> {
    const asked = this.#asked(lastSegment(this.#url));
    const redirects: ResponseHead[] = [];
    let refused: ResponseHead | undefined;
    const request = {
      url: this.#url,
      credentials: this.#credentials,
      signal,
      headOnly: true,
      onRedirect: (_: string, head: ResponseHead) => void redirects.push(head),
      failure: (head: ResponseHead, body: string) => {
        refused = head;
        return refusal(head, body, asked);
      },
    };
    try {
      const { head } = await fetchSmall(this.#context, { ...request, range: { startByte: 0, endByte: 1 } });
      return describedFile(this.#url, head, redirects);
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'RANGE_REFUSED' || refused === undefined) throw error;
      // An empty file has no first byte. Who refuses ranges otherwise is asked for the whole, of which only the head is read.
      if (wholeSize(refused) === 0) return describedFile(this.#url, refused, redirects);
      redirects.length = 0;
      const { head } = await fetchSmall(this.#context, request);
      return describedFile(this.#url, head, redirects);
    }
  }

  #asked(path: string): Asked {
    const withToken = this.#credentials.authorization !== undefined;
    return { origin: this.endpoint, path: path || this.#url, withToken };
  }
}

function refusal(head: ResponseHead, body: string, asked: Asked): SluiceError {
  return awayRefusal(head, body, asked) ?? statusRefusal(head, body, asked);
}

function decodeText(body: Buffer, host: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new SluiceError('BAD_MANIFEST', { host, reason: 'a checksum file that is not UTF-8' });
  }
}

function ownUrl(ref: Ref): UrlRef['url'] {
  if (ref.origin !== 'https')
    throw new SluiceError('INTERNAL', { reason: `a ref of ${ref.origin}: given to plain HTTP` });
  return ref.url;
}

function parseHttpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new SluiceError('BAD_REF', { ref: text, reason: 'not an http(s) URL' });
  return url;
}
