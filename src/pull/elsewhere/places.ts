import { SluiceError, toSluiceError } from '../../base/index.js';
import { repositoryPath, type Ref, type RepositoryRef } from '../../hubs/index.js';
import type { PullSettings } from '../port.js';
import { parseSourceOption, type SourceOption } from '../source-option.js';

/** Why a place is thought of: the user named it for this pull, or for this repository, or it has the same name elsewhere. */
export type Basis = 'source' | 'map' | 'same-name';

/** Where the same content may be too. */
export type Place =
  | {
      readonly kind: 'repository';
      readonly ref: RepositoryRef;
      /** The only endpoints to ask; those of the settings unless told. */
      readonly endpoints?: readonly string[];
      readonly basis: Basis;
    }
  | { readonly kind: 'folder'; readonly url: string; readonly basis: Basis };

/**
 * The places that may have a ref's content under other names or protocols: what `--source` says, then `hubs.map`, then the same name on the other
 * hub. A hub for which `hubs.map` has another name is not asked for the same one.
 * @throws SluiceError USAGE, BAD_REF, BAD_SETTING
 */
export function placesFor(
  ref: Ref,
  settings: Pick<PullSettings, 'alsoHubs' | 'hubMap' | 'hfEndpoints' | 'msEndpoints'>,
  sources: readonly string[],
): readonly Place[] {
  const named = sources.flatMap((text) => placeOf(parseSourceOption(text, ref), ref, 'source'));
  if (ref.origin === 'https' || settings.alsoHubs === 'off') return distinct(named);
  const mapped = mappedPlaces(ref, settings.hubMap);
  const other = ref.origin === 'hf' ? 'ms' : 'hf';
  const isMapped = mapped.some((place) => place.kind === 'repository' && place.ref.origin === other);
  const twin = isMapped ? undefined : counterpart(ref, other);
  const same: Place[] = twin === undefined ? [] : [{ kind: 'repository', ref: twin, basis: 'same-name' }];
  const has = { hf: settings.hfEndpoints.length > 0, ms: settings.msEndpoints.length > 0 };
  return distinct([...named, ...mapped, ...same]).filter(
    (place) => place.kind === 'folder' || place.endpoints !== undefined || has[place.ref.origin],
  );
}

/**
 * The repository of the same name on another hub, at the head of its default branch: what is the same there is found by digest, so that its
 * revisions need not have the same names. Undefined where the other hub cannot have such a name.
 */
export function counterpart({ kind, id }: RepositoryRef, hub: 'hf' | 'ms'): RepositoryRef | undefined {
  if (hub === 'ms' && (kind === 'space' || !id.includes('/'))) return undefined;
  return { origin: hub, kind, id };
}

function mappedPlaces(ref: RepositoryRef, map: PullSettings['hubMap']): readonly Place[] {
  const name = `${ref.origin}:${repositoryPath(ref)}`;
  return map.flatMap(({ from, to }) => {
    const part = starPart(from, name);
    if (part === undefined) return [];
    const target = to.replace('*', () => part);
    try {
      return placeOf(parseSourceOption(target, ref), ref, 'map');
    } catch (thrown) {
      throw new SluiceError('BAD_SETTING', { key: 'hubs.map', value: target, reason: toSluiceError(thrown).message });
    }
  });
}

/** What the star of a pattern stands for in a name: part of one segment. Empty when they are equal; undefined when they do not match. */
function starPart(pattern: string, name: string): string | undefined {
  const at = pattern.indexOf('*');
  if (at < 0) return pattern === name ? '' : undefined;
  const [before, after] = [pattern.slice(0, at), pattern.slice(at + 1)];
  if (name.length <= before.length + after.length || !name.startsWith(before) || !name.endsWith(after))
    return undefined;
  const part = name.slice(before.length, name.length - after.length);
  return part.includes('/') ? undefined : part;
}

/** Endpoints of the ref's own hub are no places: they have the same commits, and take part from the start. */
function placeOf(option: SourceOption, ref: Ref, basis: Basis): readonly Place[] {
  switch (option.kind) {
    case 'folder':
      return [{ kind: 'folder', url: option.url, basis }];
    case 'repository':
      return [{ kind: 'repository', ref: option.ref, basis }];
    case 'endpoint': {
      if (ref.origin === 'https' || (ref.origin === option.hub && basis === 'source')) return [];
      const twin = counterpart(ref, option.hub);
      return twin === undefined ? [] : [{ kind: 'repository', ref: twin, endpoints: [option.url], basis }];
    }
    case 'file':
      return [];
  }
}

function distinct(places: readonly Place[]): readonly Place[] {
  const byName = new Map<string, Place>();
  for (const place of places) {
    const key =
      place.kind === 'folder'
        ? place.url
        : [place.ref.origin, repositoryPath(place.ref), place.ref.revision ?? '', ...(place.endpoints ?? [])].join(' ');
    if (!byName.has(key)) byName.set(key, place);
  }
  return [...byName.values()];
}
