import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
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
import type { RevocationAnswers } from '../proof/index.js';
import type { Store } from '../store/index.js';
import type { AdmissionGuard } from './admission-guard.js';
import type { Fills } from './fills.js';
import type { HeldFiles } from './held-files.js';
import { inTime } from './in-time.js';
import { Refusals, REFUSED_MS } from './refusals.js';
import { signedPath } from './site-proofs.js';
import { SignedSites } from './signed-sites.js';
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
  /** Of the responders of authorities, where a rule asks them. */
  readonly answers: () => Promise<RevocationAnswers>;
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
  readonly limitBytes: number;
}

/** A file of a site, as it was found. */
interface FoundFile {
  readonly content: Content;
  /** SHA-256 of what is here; undefined of what is still to come. */
  readonly here: string | undefined;
  /** The same once it has come. */
  readonly proven: Promise<string>;
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
/** Of a signature, or of a list of checksums. */
const MAX_PROOF_BYTES = 4 * 1024 * 1024;

/** Pages and files of mirrored places, kept as they are asked for. */
export class Sites implements SiteCatalogue {
  readonly #options: SitesOptions;
  readonly #asking = new Map<string, Promise<PageDocument>>();
  readonly #refused: Refusals;
  readonly #keeping = new Set<Promise<unknown>>();
  /** Files that are fetched whole, since who signed them has to be known first. */
  readonly #coming = new Map<string, Promise<string>>();
  readonly #signed: SignedSites;

  constructor(options: SitesOptions) {
    this.#options = options;
    this.#refused = new Refusals(options.now);
    this.#signed = new SignedSites({
      ...options,
      read: async (site, path) => (await this.#page(site, path, undefined, options.stop, MAX_PROOF_BYTES)).body,
      kept: async (site, path) => {
        const known = await this.#known<PageDocument>(PAGES, pageKey(site.base + path, undefined), 'base64');
        return known === undefined ? undefined : Buffer.from(known.base64, 'base64');
      },
      used: (sha256, site) => options.used(sha256, `site:${site.name}`),
    });
  }

  page(site: Site, path: string, accept: string | undefined, signal: AbortSignal): Promise<SitePage> {
    return this.#page(site, path, accept, signal, MAX_PAGE_BYTES);
  }

  async #page(
    site: Site,
    path: string,
    accept: string | undefined,
    signal: AbortSignal,
    limitBytes: number,
  ): Promise<SitePage> {
    const url = site.base + path;
    const key = pageKey(url, accept);
    const known = await this.#known<PageDocument>(PAGES, key, 'base64');
    if (known !== undefined && this.#options.now() - known.atMs < this.#options.freshMs) return shown(known, 'HIT');
    const refused = this.#refused.get(key);
    if (refused !== undefined) throw refused;
    try {
      const asked = await inTime(
        this.#askOnce(key, url, { site, path, accept, known, limitBytes }),
        known !== undefined,
        signal,
      );
      return shown(asked, known?.base64 === asked.base64 ? 'REVALIDATED' : 'MISS');
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (error.exitCode === 3) this.#refused.keep(key, error, REFUSED_MS);
      if (known === undefined || !saysNothing(error)) throw error;
      return { ...shown(known, 'STALE'), warning: hostlessWords(error) };
    }
  }

  async file(site: Site, wanted: SiteFile, signal: AbortSignal): Promise<Content> {
    const { admission, used } = this.#options;
    const found = await this.#find(wanted, (sha256) => used(sha256, `site:${site.name}`), signal);
    const { content } = found;
    const { sha256 = found.here } = wanted.digests;
    const asked = { ref: wanted.url, commit: '', path: pathOf(wanted.url), key: sha256, sha256 };
    // Packages are programs, and known to be: they are for those who install them to judge.
    if (site.kind !== 'files') {
      await admission.assertNotRefused(asked);
      return content;
    }
    if (!admission.wantsSignature(wanted.url)) return admission.pass(asked, content);
    return this.#signedFile(site, wanted, found, signal);
  }

  /** What signs it is looked for before the file itself is fetched, and the file judged once it is here whole: it is that very blob that is given then. */
  async #signedFile(site: Site, wanted: SiteFile, found: FoundFile, signal: AbortSignal): Promise<Content> {
    const { admission, store, used } = this.#options;
    const { url } = wanted;
    const path = url.slice(site.base.length).replace(/[?#].*$/s, '');
    const beside = signedPath(path);
    const asked = { ref: url, commit: '', path: pathOf(url), key: undefined, sha256: undefined };
    if (found.here === undefined && beside === undefined) {
      const { groups, failure } = await inTime(this.#signed.proofs(site, path), false, signal);
      if (groups.length === 0 && failure !== undefined) throw failure;
      if (groups.length === 0) return admission.pass(asked, found.content);
    }
    const sha256 = await inTime(this.#whole(url, found), false, signal);
    const held = await this.#held(sha256, (hex) => used(hex, `site:${site.name}`));
    const here = found.here === sha256 ? found.content : held;
    if (here === undefined) throw new SluiceError('UNDECIDED', { path: asked.path });
    const file = { url, sha256, sizeBytes: here.sizeBytes };
    return admission.pass({ ...asked, key: sha256, sha256 }, here, undefined, async (policy) => {
      const kept = await this.#signed.of(policy, file, await this.#signed.kept(site, path));
      if (this.#signed.isEnough(policy, file, kept)) return kept;
      const { groups, failure } = await this.#signed.proofs(site, path);
      const by = await this.#signed.of(policy, file, groups);
      if (this.#signed.isEnough(policy, file, by)) return by;
      if (beside === undefined || here.sizeBytes > MAX_PROOF_BYTES) {
        // It may be signed by what nobody could tell of.
        if (failure !== undefined) throw failure;
        return by;
      }
      const signedUrl = site.base + beside;
      const signed = await this.#whole(signedUrl, await this.#find({ url: signedUrl, digests: {} }, () => undefined, this.#options.stop)); // prettier-ignore
      const { size } = await stat(store.blobPath(signed));
      const bytes = await readFile(store.blobPath(sha256));
      return this.#signed.ofSignature(policy, file, { url: signedUrl, sha256: signed, sizeBytes: size }, bytes);
    });
  }

  /** Of most files here nothing is known but where they stand: what is here is known by what it is. */
  async #find(wanted: SiteFile, used: (sha256: string) => void, signal: AbortSignal): Promise<FoundFile> {
    let known: (sha256: string) => void = () => undefined;
    const proven = new Promise<string>((resolve) => (known = resolve));
    const seen: { sha256?: string } = {};
    const content = await this.#content(
      wanted,
      (sha256) => {
        seen.sha256 = sha256;
        known(sha256);
        used(sha256);
      },
      signal,
    );
    return { content, here: seen.sha256, proven };
  }

  /** Fetches a file whole, once for everybody who waits; gives its SHA-256. */
  #whole(url: string, found: FoundFile): Promise<string> {
    if (found.here !== undefined) return Promise.resolve(found.here);
    const coming = this.#coming.get(url) ?? this.#bring(found);
    this.#coming.set(url, coming);
    const over = (): boolean => this.#coming.delete(url);
    coming.then(over, over);
    return coming;
  }

  async #bring({ content, proven }: FoundFile): Promise<string> {
    const { stop, store } = this.#options;
    if (content.sizeBytes === 0) {
      const sha256 = createHash('sha256').digest('hex');
      await store.putBytes(Buffer.alloc(0), { sha256, sizeBytes: 0, digests: {} });
      return sha256;
    }
    // Its bytes are nobody's yet: what is read to its end is fetched to its end.
    let bytes = 0;
    for await (const { length } of content.read({ startByte: 0, endByte: content.sizeBytes }, stop)) bytes += length;
    if (bytes < content.sizeBytes) throw new SluiceError('INTERRUPTED');
    return inTime(proven, false, stop);
  }

  async #content(wanted: SiteFile, used: (sha256: string) => void, signal: AbortSignal): Promise<Content> {
    const { fills, wires } = this.#options;
    const held = await this.#options.held.content(wanted.digests, wanted.sizeBytes, used);
    if (held !== undefined) return held;
    const origin = createHttpOrigin({ ...wires, url: wanted.url, isOneFile: true });
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

  async #ask(key: string, url: string, { site, path, accept, known, limitBytes }: PageWish): Promise<PageDocument> {
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
        return await fetchSmall(wires, { url, headers, signal, limitBytes, failure });
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

function pageKey(url: string, accept: string | undefined): string {
  return `${url} ${accept ?? ''}`.slice(0, MAX_KEY_LENGTH);
}

function pathOf(url: string): string {
  return new URL(url).pathname.slice(1);
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
