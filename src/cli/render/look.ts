import type { Environment, Lang, Settings } from '../../base/index.js';
import { createSigns, createStyle, type Signs, type Style } from './style.js';

/** Everything about a stream that rendering depends on, except its size, which may change. */
export interface Look {
  readonly lang: Lang;
  readonly style: Style;
  readonly signs: Signs;
}

interface StreamLike {
  readonly isTTY?: boolean;
}

export function lookFor(
  stream: StreamLike,
  env: Environment,
  platform: NodeJS.Platform,
  settings: Pick<Settings, 'lang' | 'color'>,
): Look {
  const auto = stream.isTTY === true && env.TERM !== 'dumb';
  const color = settings.color === 'auto' ? auto : settings.color === 'always';
  return { lang: settings.lang, style: createStyle(color), signs: createSigns(speaksUnicode(env, platform)) };
}

/** Whether the locale (POSIX order) or, on Windows, the terminal can show more than ASCII. */
export function speaksUnicode(env: Environment, platform: NodeJS.Platform): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value);
  if (locale !== undefined) return /utf-?8/i.test(locale);
  if (platform === 'win32') return Boolean(env.WT_SESSION || env.TERM_PROGRAM);
  return platform === 'darwin';
}
