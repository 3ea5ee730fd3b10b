import { SluiceError, toSluiceError } from '../base/index.js';
import {
  createHttpOrigin,
  hostlessWords,
  makesSense,
  siteRefusal,
  type Content,
  type ManifestFile,
  type OriginOptions,
  type Site,
  type SiteCatalogue,
  type SiteFile,
  type SitePage,
} from '../hubs/index.js';
import { fetchSmall, type ResponseHead, type SmallAnswer } from '../net/index.js';
import type { Store } from '../store/index.js';
import type { AdmissionGuard } from './admission-guard.js';
import type { Fills } from './fills.js';
import type { HeldFiles } from './held-files.js';
import { inTime } from './in-time.js';
import { Refusals, REFUSED_MS } from './refusals.js';
import { saysNothing, type Guards } from './upstreams/guards.js';

export interface SitesOptions {
  readonly store: Store;
  readonly held: HeldFiles;
  readonly fills: Fills;
  readonly wires: OriginOptions;
  readonly used: (sha256: string, name: string) => void;
  /** How long a page is believed. */
  readonly freshMs: number;
  readonly admission: AdmissionGuard;
  readonly guards: Guards;
  /** Nothing is asked any more once it fires. */
  readonly stop: AbortSignal;
  readonly now: () => number;
}

interface PageDocument {
  readonly contentType: string;
  readonly base64: string;
  readonly atMs: number;
  readonly etag?: string;
}

interface PageWish {
  readonly site: Site;
  readonly path: string;
  readonly accept: string | undefined;
  /** What it was, to be asked whether it still is. */
  readonly known: PageDocument | undefined;
}

/** What a file without a digest turned out to be. */
interface FileDocument {
  readonly sha256: string;
  readonly etag: string;
  readonly lastModified: string;
}

const PAGES = 'site-pages';
const FILES = 'site-files';
const MAX_PAGE_BYTES = 64 * 1024 * 1024;

/** Pages and files of mirrored places, kept as they are asked for. */
export class Sites implements SiteCatalogue {
  readonly #options: SitesOptions;
  readonly #asking = new Map<string, Promise<PageDocument>>();
  readonly #refused: Refusals;
  readonly #keeping = new Set<Promise<unknown>>();

  constructor(options: SitesOptions) {
    this.#options = options;
    this.#refused = new Refusals(options.now);
  }

  async page(site: Site, path: string, accept: string | undefined, signal: AbortSignal): Promise<SitePage> {
    const url = site.base + path;
    const key = `${url} ${accept ?? ''}`.slice(0, MAX_KEY_LENGTH);
    const known = await this.#known<PageDocument>(PAGES, key, 'base64');
    if (known !== undefined && this.#options.now() - known.atMs < this.#options.freshMs) return shown(known, 'HIT');
    const refused = this.#refused.get(key);
    if (refused !== undefined) throw refused;
    try {
      const asked = await inTime(this.#askOnce(key, url, { site, path, accept, known }), known !== undefined, signal);
      return shown(asked, known?.base64 === asked.base64 ? 'REVALIDATED' : 'MISS');
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (error.exitCode === 3) this.#refused.keep(key, error, REFUSED_MS);
      if (known === undefined || !saysNothing(error)) throw error;
      return { ...shown(known, 'STALE'), warning: hostlessWords(error) };
    }
  }

  async file(site: Site, wanted: SiteFile, signal: AbortSignal): Promise<Content> {
    // Of most files here nothing is known but where they stand: what is here is known by what it is.
    const here: { sha256?: string } = {};
    const used = (sha256: string): void => {
      here.sha256 = sha256;
      this.#options.used(sha256, `site:${site.name}`);
    };
    const content = await this.#content(wanted, used, signal);
    const { sha256 = here.sha256 } = wanted.digests;
    const { pathname } = new URL(wanted.url);
    const asked = { ref: wanted.url, commit: '', path: pathname.slice(1), key: sha256, sha256 };
    // Packages are programs, and known to be: they are for those who install them to judge.
    if (site.kind !== 'files') {
      await this.#options.admission.assertNotRefused(asked);
      return content;
    }
    return this.#options.admission.pass(asked, content);
  }

  async #content(wanted: SiteFile, used: (sha256: string) => void, signal: AbortSignal): Promise<Content> {
    const { fills, wires } = this.#options;
    const held = await this.#options.held.content(wanted.digests, wanted.sizeBytes, used);
    if (held !== undefined) return held;
    const origin = createHttpOrigin({ ...wires, url: wanted.url });
    const ref = { origin: 'https', url: wanted.url } as const;
    const kept = await this.#known<FileDocument>(FILES, wanted.url, 'sha256');
    const pinning = this.#options.guards.ask(origin.id, () => origin.pin(ref, signal));
    const pinned = await inTime(pinning, kept !== undefined, signal).catch((thrown: unknown) => toSluiceError(thrown));
    if (pinned instanceof Error) {
      const stale = saysNothing(pinned) ? await this.#held(kept?.sha256, used) : undefined;
      if (stale === undefined) throw pinned;
      return { ...stale, status: 'STALE' };
    }
    const [found] = pinned.files ?? [];
    const { sizeBytes = wanted.sizeBytes } = found ?? {};
    if (found === undefined || sizeBytes === undefined)
      throw new SluiceError('BAD_RESPONSE', { host: origin.id, reason: 'a file without a length' });
    const file: ManifestFile = { ...found, sizeBytes, digests: { ...found.digests, ...wanted.digests } };
    const isNamed = Object.keys(file.digests).length > 0;
    const isSame = !isNamed && kept !== undefined && sameVersion(kept, found);
    const again = isSame
      ? await this.#held(kept.sha256, used)
      : await this.#options.held.content(file.digests, sizeBytes, used);
    if (again !== undefined) return again;
    return fills.content(
      file,
      sizeBytes,
      () => ({ sources: [origin.source(pinned, file)] }),
      (sha256) => {
        used(sha256);
        if (isNamed) return;
        const kept = this.#keep(wanted.url, sha256, found).finally(() => this.#keeping.delete(kept));
        this.#keeping.add(kept);
      },
    );
  }

  /** Once what is known of files so far is on the disk. */
  async saved(): Promise<void> {
    await Promise.all(this.#keeping);
  }

  async #held(sha256: string | undefined, used: (sha256: string) => void): Promise<Content | undefined> {
    return sha256 === undefined ? undefined : this.#options.held.content({ sha256 }, undefined, used);
  }

  async #keep(url: string, sha256: string, { validators = {} }: ManifestFile): Promise<void> {
    const { etag = '', lastModified = '' } = validators;
    const document: FileDocument = { sha256, etag, lastModified };
    await this.#options.store.documents.write(FILES, url.slice(0, MAX_KEY_LENGTH), document).catch(() => undefined);
  }

  /** For everybody who waits for it: that one of them leaves ends nothing. */
  #askOnce(key: string, url: string, wish: PageWish): Promise<PageDocument> {
    const asking = this.#asking.get(key) ?? this.#ask(key, url, wish);
    this.#asking.set(key, asking);
    const over = (): boolean => this.#asking.delete(key);
    asking.then(over, over);
    return asking;
  }

  async #ask(key: string, url: string, { site, path, accept, known }: PageWish): Promise<PageDocument> {
    const { store, wires, guards, now, stop: signal } = this.#options;
    const etag = known?.etag;
    const headers = {
      ...(accept === undefined ? {} : { accept }),
      ...(etag === undefined ? {} : { 'if-none-match': etag }),
    };
    const question = async (): Promise<SmallAnswer | undefined> => {
      const told = { isSame: false };
      const failure = (refused: ResponseHead, text: string): SluiceError => {
        told.isSame = refused.status === 304 && known !== undefined;
        return told.isSame ? new SluiceError('NOTHING_MATCHED') : siteRefusal(url, refused, text);
      };
      try {
        return await fetchSmall(wires, { url, headers, signal, limitBytes: MAX_PAGE_BYTES, failure });
      } catch (thrown) {
        if (told.isSame) return undefined;
        throw thrown;
      }
    };
    const answer = await guards.ask(new URL(url).host, question);
    const document = answer === undefined && known !== undefined ? { ...known, atMs: now() } : pageOf(answer, now());
    // What nobody understands must not take the place of what is here.
    if (
      answer !== undefined &&
      !makesSense({ kind: site.kind, path, contentType: document.contentType, body: answer.body })
    )
      throw new SluiceError('BAD_MANIFEST', { host: site.name, reason: 'its page is none of an index' });
    await store.documents.write(PAGES, key, document);
    return document;
  }

  async #known<T extends object>(collection: string, key: string, has: keyof T & string): Promise<T | undefined> {
    const read = await this.#options.store.documents.read(collection, key.slice(0, MAX_KEY_LENGTH));
    if (read.status !== 'ok' || typeof read.value !== 'object' || read.value === null) return undefined;
    return typeof (read.value as Record<string, unknown>)[has] === 'string' ? (read.value as T) : undefined;
  }
}

/** Documents take names of up to 4096 bytes. */
const MAX_KEY_LENGTH = 1300;

function pageOf(answer: SmallAnswer | undefined, atMs: number): PageDocument {
  if (answer === undefined) throw new SluiceError('INTERNAL', { reason: 'nothing was compared with' });
  const { head, body } = answer;
  const { 'content-type': contentType = 'application/octet-stream', etag } = head.headers;
  return { contentType, base64: body.toString('base64'), atMs, ...(etag === undefined ? {} : { etag }) };
}

function shown({ base64, contentType }: PageDocument, status: SitePage['status']): SitePage {
  return { body: Buffer.from(base64, 'base64'), contentType, status };
}

/** Without any validator nobody can say that it is the same. */
function sameVersion({ etag, lastModified }: FileDocument, { validators = {} }: ManifestFile): boolean {
  if (etag !== '' && validators.etag !== undefined) return etag === validators.etag;
  return lastModified !== '' && lastModified === validators.lastModified;
}
