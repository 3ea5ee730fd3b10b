import { toSluiceError, type SluiceError } from '../base/index.js';
import { formatRef, isPublicHub, type Ref } from '../hubs/index.js';
import { counterpart } from './elsewhere/places.js';
import { isCommit } from './manifests.js';
import type { PullContext, PullRequest, PullSettings } from './port.js';

/**
 * A bare `org/name` means Hugging Face first. When it has no such repository, or cannot be reached and was never listed, the one of that name on
 * ModelScope is taken, and that is said. Writing `hf:` keeps a name where it is.
 */
export async function resolveOrElse<T>(
  request: PullRequest,
  typed: Ref,
  resolve: (ref: Ref, hasAlternative: boolean) => Promise<T>,
  { settings, emit }: PullContext,
): Promise<T> {
  const other = alternativeTo(request, typed, settings);
  if (other === undefined) return resolve(typed, false);
  try {
    return await resolve(typed, true);
  } catch (thrown) {
    const error = toSluiceError(thrown);
    if (!isWorthAnotherHub(error)) throw error;
    const [from, to] = [formatRef(typed), formatRef(other)];
    emit({ type: 'notice', code: 'OTHER_HUB', message: `${from}: ${error.message} Looking for ${to}.` });
    try {
      return await resolve(other, false);
    } catch (second) {
      // Neither has it. The first may only have been given too little time.
      if (error.retry !== 'later' || toSluiceError(second).code === 'INTERRUPTED') throw error;
      return resolve(typed, false);
    }
  }
}

/** The same name on ModelScope; undefined where it may not be told there (see `whyNotAsk`), or cannot mean the same. */
function alternativeTo(
  { ref: text }: PullRequest,
  typed: Ref,
  { alsoHubs, namedHubs, hfEndpoints, msEndpoints, offline }: PullSettings,
): Ref | undefined {
  if (typed.origin !== 'hf' || /^[a-z0-9+]+:/i.test(text.trim()) || msEndpoints.length === 0) return undefined;
  const mayBeTold =
    offline ||
    alsoHubs === 'always' ||
    namedHubs.includes('ms') ||
    hfEndpoints.every((endpoint) => isPublicHub(endpoint));
  if (!mayBeTold || (alsoHubs === 'off' && !offline)) return undefined;
  const { revision } = typed;
  if (revision !== undefined && isCommit(revision)) return undefined;
  const twin = counterpart(typed, 'ms');
  return twin === undefined || revision === undefined ? twin : { ...twin, revision };
}

/** What a hub refuses to show to us is not looked for behind its back. */
function isWorthAnotherHub(error: SluiceError): boolean {
  if (error.code === 'NOT_HERE' || error.code === 'REPOSITORY_NOT_FOUND') return true;
  return error.exitCode === 7 && error.code !== 'TLS' && error.code !== 'NO_PROGRESS';
}
