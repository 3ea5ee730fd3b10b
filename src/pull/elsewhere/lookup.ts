import type { PlaceReport } from '../../base/index.js';
import type { ManifestFile, Origin, Source } from '../../hubs/index.js';
import type { Store } from '../../store/index.js';
import type { Wires } from '../origins.js';
import type { PullSettings } from '../port.js';
import type { Primary } from './may-ask.js';
import type { Place } from './places.js';

/** What a look at one place needs. */
export interface LookContext {
  readonly settings: PullSettings;
  readonly store: Store;
  /** What they say of waits and retries is nobody's business: a look may fail in silence. */
  readonly wires: Wires;
  /** Whom to ask for a repository (`repositoryPath`) of a hub, where a place names no endpoints; those of the settings unless told. */
  readonly originsOf?: ((hub: 'hf' | 'ms', repository: string) => readonly Origin[]) | undefined;
  /** Fires when the look is not worth waiting for any more. */
  readonly signal: AbortSignal;
}

/** One place being looked at. Nothing of it ever rejects. */
export interface Lookup {
  /** Sources of a wanted file, once they are known; none when the place has not got it. */
  sources(file: ManifestFile): Promise<readonly Source[]>;
  /** Its name as a source, and as a ref. */
  readonly source: string;
  readonly ref: string;
  readonly report: Promise<PlaceReport>;
}

/** Looks at a place: `primary` when the ref is pinned, `wanted` when it is known what has to be fetched. */
export type Look<Kind extends Place['kind']> = (
  place: Extract<Place, { kind: Kind }>,
  primary: Primary,
  wanted: Promise<readonly ManifestFile[]>,
  context: LookContext,
) => Lookup;
