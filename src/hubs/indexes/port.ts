import type { Digests } from '../../base/index.js';
import type { CacheStatus, Content } from '../face.js';

/** What a mirrored place speaks: an index of Python or npm packages, an archive of Debian packages, or nothing but files. */
export type SiteKind = 'pypi' | 'npm' | 'debian' | 'files';

/** A place that is mirrored under a name of its own. */
export interface Site {
  /** Part of its address here: `/-/<name>/…`. */
  readonly name: string;
  readonly kind: SiteKind;
  /** Base URL, without trailing slash. */
  readonly base: string;
  /** Hosts, beside its own, that its index may lead to for files. */
  readonly fileHosts: readonly string[];
  /** What addresses of its files are signed with: what others say of a file is not believed then. All are believed where there is none. */
  readonly linkKey?: Uint8Array;
}

/** A page of an index, as it came. */
export interface SitePage {
  readonly body: Buffer;
  readonly contentType: string;
  readonly status: CacheStatus;
  readonly warning?: string;
}

/** A file that an index names, with what it says of it. */
export interface SiteFile {
  readonly url: string;
  readonly digests: Digests;
  readonly sizeBytes?: number;
}

/** What the face of a site may ask for. Throws SluiceErrors like `Catalogue`. */
export interface SiteCatalogue {
  /** Something short that changes: an index, a list of packages. `path` stands below the site's base. */
  page(site: Site, path: string, accept: string | undefined, signal: AbortSignal): Promise<SitePage>;
  /** Something that stays what it is. */
  file(site: Site, file: SiteFile, signal: AbortSignal): Promise<Content>;
}
