import type { Caller, Catalogue, FaceRequest, Snapshot } from '../../face.js';
import type { ManifestFile } from '../../port.js';
import type { Clean } from './clean.js';
import type { RepositoryPath } from './repository-path.js';

/** How files are had in Xet's way, where they are. */
export interface XetDoor {
  /** 64 hex; undefined for files that are only had plainly. */
  fileId(file: ManifestFile): string | undefined;
  /** Where the content service is for a client that reached us so. */
  casUrl(publicUrl: string): string;
  /** A token for the files of a snapshot. `exp` is Unix seconds. */
  token(snapshot: Snapshot, caller: Caller): { readonly accessToken: string; readonly exp: number };
}

/** What every answer of the face is made with. */
export interface FaceContext {
  readonly catalogue: Catalogue;
  readonly clean: Clean;
  /** Undefined: nothing anywhere speaks of Xet. */
  readonly xet: XetDoor | undefined;
  readonly now: () => number;
}

/** A request that speaks of a repository. */
export interface Addressed {
  readonly request: FaceRequest;
  readonly context: FaceContext;
  readonly named: RepositoryPath;
}
