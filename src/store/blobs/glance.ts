import { existsSync } from 'node:fs';
import type { Layout } from '../layout.js';
import { aliasPaths } from './aliases.js';
import type { Wanted } from './look.js';

/** A glance is over after this long: the caller's thread has other things to do. */
const GLANCE_MS = 20;
/** After so many files that may be here the rest is not worth a glance. */
const MOST_FOUND = 32;

/**
 * Tells, in this thread and at once, what is surely not here: nothing stands at any name that it would be found by. Where most files are missing, that
 * spares the start of threads. False for those that may be here, and for those that were not looked at.
 */
export function glance(layout: Layout, wanted: readonly Wanted[]): readonly boolean[] {
  const untilMs = performance.now() + GLANCE_MS;
  let found = 0;
  return wanted.map(({ digests }) => {
    if (found > MOST_FOUND || performance.now() > untilMs) return false;
    const paths = digests.sha256 === undefined ? aliasPaths(layout, digests) : [layout.blob(digests.sha256)];
    const isAbsent = !paths.some((path) => existsSync(path));
    if (!isAbsent) found += 1;
    return isAbsent;
  });
}
