import type { Repository, StoredFile } from '../repository.js';
import { XetLibrary } from './library.js';
import type { XetOptions } from './options.js';
import { XetTokens } from './tokens.js';
import type { XetFile } from './xorb.js';
import { XorbUrls } from './xorb-urls.js';

const TOKEN_LIFE_MS = 15 * 60_000;
const URL_LIFE_MS = 3_600_000;
const MAX_XORB_BYTES = 64 * 1024 * 1024;
const RANGES_PER_URL = 500;

/** All that the routes know of the simulated Xet storage. */
export class XetService {
  readonly library: XetLibrary;
  readonly tokens: XetTokens;
  readonly urls: XorbUrls;
  readonly hasV2: boolean;
  /** Its files come no other way. */
  readonly isOnlyWay: boolean;
  readonly rangesPerUrl: number;
  /** Where the service listens; known once it does. */
  casUrl = '';

  constructor(options: XetOptions, repositories: readonly Repository[]) {
    const { compression = 'auto', maxXorbBytes = MAX_XORB_BYTES, folder } = options;
    this.library = new XetLibrary({ folder, compression, maxXorbBytes });
    this.tokens = new XetTokens(options.tokenLifeMs ?? TOKEN_LIFE_MS);
    this.urls = new XorbUrls({
      lifeMs: options.urlLifeMs ?? URL_LIFE_MS,
      exactRanges: options.exactRanges ?? true,
      elsewhere: options.xorbsAt,
    });
    this.hasV2 = options.v2 ?? true;
    this.isOnlyWay = options.isOnlyWay ?? false;
    this.rangesPerUrl = options.rangesPerUrl ?? RANGES_PER_URL;
    for (const repository of repositories) this.library.include(repository);
  }

  /** How the service holds a file; undefined for those that git holds. */
  find(file: StoredFile): XetFile | undefined {
    return file.isLfs ? this.library.bySha256(file.sha256) : undefined;
  }
}
