import { lstatSync, mkdirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Environment } from '../../base/index.js';

/**
 * Where compiled code is kept: `code` in the cache folder of the user. Undefined where there is none, or where others could write: what lies
 * there is run.
 */
export function codeFolder(env: Environment, platform: NodeJS.Platform = process.platform): string | undefined {
  const caches = cacheFolder(env, platform);
  if (caches === undefined || !isAbsolute(caches)) return undefined;
  const ours = join(caches, 'sluice');
  const folder = join(ours, 'code');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return [ours, folder].every((each) => isOursAlone(each)) ? folder : undefined;
  } catch {
    return undefined;
  }
}

function cacheFolder(env: Environment, platform: NodeJS.Platform): string | undefined {
  if (platform === 'win32') return env.LOCALAPPDATA;
  if (env.XDG_CACHE_HOME) return env.XDG_CACHE_HOME;
  if (!env.HOME) return undefined;
  return platform === 'darwin' ? join(env.HOME, 'Library', 'Caches') : join(env.HOME, '.cache');
}

/** On Windows the user's folders are not for others by themselves. */
function isOursAlone(folder: string): boolean {
  const stat = lstatSync(folder);
  if (!stat.isDirectory()) return false;
  return process.geteuid === undefined || (stat.uid === process.geteuid() && (stat.mode & 0o022) === 0);
}
