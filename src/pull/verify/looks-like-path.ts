import { stat } from 'node:fs/promises';

/** A ref never starts with `.`, `/` or `~`; a bare `org/name` that is also a folder here is the folder. */
export async function looksLikePath(subject: string): Promise<boolean> {
  if (/^(?:\.{0,2}\/|\.{1,2}$|~|[A-Za-z]:[\\/])/.test(subject)) return true;
  if (/^[a-z]+:/.test(subject)) return false;
  return stat(subject).then(
    () => true,
    () => false,
  );
}
