import { SluiceError } from '../../base/index.js';
import type { Source } from '../../hubs/index.js';
import type { ResponseHead } from '../../net/index.js';
import type { SourceState } from '../schedule/source-state.js';
import { Route } from './route.js';

export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

/** One source as a place to get one file from. */
export interface FileSource {
  readonly source: Source;
  /** What is known of it over all files. */
  readonly state: SourceState;
  readonly route: Route;
  /** Why it is not asked for this file any more. */
  banned: SluiceError | undefined;
  /** What it sends of this file is doubted: others are asked as long as there are any. */
  isSetAside: boolean;
  /** It sends the whole file whatever is asked; it is used only so. */
  ignoresRanges: boolean;
  /** What its first answer said. */
  validators: Validators | undefined;
  /** When it last gave an answer that does not fit the file; undefined once a good one came after. */
  doubtedMs: number | undefined;
  /** Refusals of remembered addresses since bytes last came. */
  refreshes: number;
}

export function createFileSource(source: Source, state: SourceState): FileSource {
  return {
    source,
    state,
    route: new Route(source),
    banned: undefined,
    isSetAside: false,
    ignoresRanges: false,
    validators: undefined,
    doubtedMs: undefined,
    refreshes: 0,
  };
}

/** Whether it is set aside and others may still be asked. */
export function isShut(sources: readonly FileSource[], from: FileSource): boolean {
  return from.isSetAside && sources.some(isUsable);
}

/** Whether it waits for others to fail: some may be asked now. */
export function isSpared(sources: readonly FileSource[], from: FileSource, nowMs: number): boolean {
  if (from.source.isReserve !== true) return false;
  return sources.some(
    (other) => other.source.isReserve !== true && isUsable(other) && other.state.waitUntilMs <= nowMs,
  );
}

/** Whether somebody else may be asked. */
export function hasOther(sources: readonly FileSource[], from: FileSource): boolean {
  return sources.some((other) => other !== from && isUsable(other));
}

function isUsable({ isSetAside, banned, state }: FileSource): boolean {
  return !isSetAside && banned === undefined && state.banned === undefined;
}

/** The validators of an answer. Weak ETags count as their strong form: here they only tell one version from another. */
function validatorsOf(head: ResponseHead): Validators {
  const etag = head.headers.etag?.replace(/^W\//, '');
  const lastModified = head.headers['last-modified'];
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) };
}

/** What speaks against two answers being of the same content; undefined when nothing does. */
export function validatorConflict(before: Validators, after: Validators): string | undefined {
  if (before.etag !== undefined && after.etag !== undefined) {
    const [was, is] = [before.etag, after.etag].map((etag) => etag.replace(/^W\//, ''));
    return was === is ? undefined : `its ETag was ${was ?? ''} and is ${is ?? ''}`;
  }
  if (before.lastModified !== undefined && after.lastModified !== undefined)
    return before.lastModified === after.lastModified
      ? undefined
      : `it was last modified ${before.lastModified} and now ${after.lastModified}`;
  return undefined;
}

/**
 * Notes which version of the file a source answers with.
 * @throws SluiceError SOURCE_CHANGED when it is not the one that it gave before, or that `listed` says
 */
export function checkVersion(path: string, from: FileSource, listed: Validators, head: ResponseHead): void {
  const seen = validatorsOf(head);
  const reason = validatorConflict(from.validators ?? listed, seen);
  from.validators ??= seen;
  if (reason !== undefined) throw new SluiceError('SOURCE_CHANGED', { path, source: from.source.id, reason });
}
