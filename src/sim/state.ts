import type { Content } from './content.js';
import type { Repository, SimKind } from './repository.js';
import type { SignedUrls } from './signed-urls.js';
import type { XetService } from './xet/service.js';

/** Plain files under `/files/<name>/`, as a web server has them. */
export interface SimFolder {
  readonly files: ReadonlyMap<string, Content>;
  readonly lastModified: Date;
}

export interface SimUser {
  readonly name: string;
}

/** How the hub behaves where real hubs differ from each other. */
export interface HubHabits {
  /** Where LFS bytes are: behind a redirect to a signed URL on another host, or here. */
  readonly lfs: 'redirect' | 'direct';
  /** Small Hugging Face files answer 307 to `/api/resolve-cache/…`, as the real hub does. */
  readonly resolveCache: boolean;
  /** Entries in a page of a Hugging Face tree. */
  readonly treePageSize: number;
  /** Whether signed URLs answer with an ETag. The real bridge does not. */
  readonly cdnEtag: boolean;
}

/** All that the routes of one simulated hub know. */
export interface HubState {
  readonly huggingFace: readonly Repository[];
  readonly modelScope: readonly Repository[];
  readonly folders: ReadonlyMap<string, SimFolder>;
  readonly users: ReadonlyMap<string, SimUser>;
  readonly habits: HubHabits;
  readonly signedUrls: SignedUrls;
  readonly xet: XetService | undefined;
}

export function findRepository(list: readonly Repository[], kind: SimKind, id: string): Repository | undefined {
  return list.find((repository) => repository.kind === kind && repository.id === id);
}
