/**
 * What a name as typed finds among what was pulled: a bare `org/name` is that of Hugging Face, and where there is none, the one that `pull` took
 * from ModelScope.
 */
export function firstMeaning<T>(typed: string, find: (ref: string) => readonly T[]): readonly T[] {
  const found = find(typed);
  const isBare = /^[^:/@]+\/[^:/@]+(?:@.*)?$/.test(typed.trim());
  return found.length > 0 || !isBare ? found : find(`ms:${typed.trim()}`);
}
