import type { RepositoryKind, RepositoryRef } from '../../ref.js';

/** What a path of the Hugging Face API speaks of: a repository, what is wanted of it, and the rest behind that word. */
export interface RepositoryPath {
  readonly repository: Omit<RepositoryRef, 'revision'>;
  /** The word behind the repository (`tree`, `resolve`, …); undefined for the repository itself. */
  readonly what: string | undefined;
  /** Still percent-encoded. */
  readonly rest: readonly string[];
}

const KINDS: Readonly<Record<string, RepositoryKind>> = { models: 'model', datasets: 'dataset', spaces: 'space' };
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?$/;

/**
 * A repository has one or two segments, so words that follow it are looked for rather than counted to.
 * Undefined when there is no repository at the place.
 */
export function parseRepositoryPath(
  segments: readonly string[],
  kind: RepositoryKind,
  words: ReadonlySet<string>,
): RepositoryPath | undefined {
  const at = segments.findIndex((segment, index) => index > 0 && index <= 2 && words.has(segment));
  const names = segments.slice(0, at < 0 ? undefined : at);
  if (names.length === 0 || names.length > 2 || !names.every(isName)) return undefined;
  return {
    repository: { origin: 'hf', kind, id: names.join('/') },
    what: at < 0 ? undefined : segments[at],
    rest: at < 0 ? [] : segments.slice(at + 1),
  };
}

/** `models`, `datasets`, `spaces`. */
export function kindOfPlural(plural: string | undefined): RepositoryKind | undefined {
  return plural !== undefined && Object.hasOwn(KINDS, plural) ? KINDS[plural] : undefined;
}

/** Percent-decoded, or undefined where the encoding is broken or hides a control character. */
export function decodeSegment(segment: string | undefined): string | undefined {
  if (segment === undefined) return undefined;
  try {
    const text = decodeURIComponent(segment);
    return /\p{Cc}/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function isName(name: string): boolean {
  return NAME.test(name) && name.length <= 96 && !name.includes('..') && !name.includes('--') && !name.endsWith('.git');
}
