import type { UnaskedReason } from '../../base/index.js';
import { isPublicHub, type Origin, type Pinned } from '../../hubs/index.js';
import type { PullSettings } from '../port.js';
import type { Place } from './places.js';

/** Who was asked first, and what it said. */
export interface Primary {
  readonly origin: Pick<Origin, 'endpoint' | 'isPublic'>;
  readonly pinned: Pinned;
}

/**
 * Why a place may not learn what is being pulled; undefined when it may. A name goes elsewhere only when its own hub calls it public or the user
 * says so; and to a hub that the user did not name only from a hub for everybody, since what is public within a company is not public.
 */
export async function whyNotAsk(
  place: Place,
  { origin, pinned }: Primary,
  settings: Pick<PullSettings, 'alsoHubs' | 'namedHubs'>,
  signal: AbortSignal,
): Promise<UnaskedReason | undefined> {
  if (place.basis === 'source' || settings.alsoHubs === 'always') return undefined;
  const isNamed =
    place.basis === 'map' || (place.kind === 'repository' && settings.namedHubs.includes(place.ref.origin));
  if (!isNamed && !isPublicHub(origin.endpoint)) return 'not-a-public-hub';
  const isPublic = pinned.isPublic ?? (await origin.isPublic?.(pinned.ref, signal));
  if (isPublic === undefined) return 'unknown';
  return isPublic ? undefined : 'not-public';
}
