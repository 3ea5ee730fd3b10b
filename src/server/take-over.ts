import { isDeepStrictEqual } from 'node:util';
import { SETTINGS, SETTING_NAMES } from '../base/index.js';
import type { ServeSettings } from './serve-settings.js';

/** Settings that a running server goes by: what is read again is written over them. */
export type LiveSettings = { -readonly [Name in keyof ServeSettings]: ServeSettings[Name] };

/** Makes `live` what was `read`, but for what a server keeps from its start. Gives the keys of those that would be different. */
export function takeOver(live: LiveSettings, read: ServeSettings): readonly string[] {
  const kept = SETTING_NAMES.filter((name) => isKept(name, live, read));
  const old = Object.fromEntries(kept.map((name) => [name, live[name as keyof ServeSettings]]));
  const waiting = kept.filter((name) => !isDeepStrictEqual(old[name], read[name as keyof ServeSettings]));
  Object.assign(live, read, old);
  return waiting.map((name) => SETTINGS[name].key);
}

/** Whether there is TLS at all is part of the address; which certificate, is not. */
function isKept(name: (typeof SETTING_NAMES)[number], live: ServeSettings, read: ServeSettings): boolean {
  if (name === 'serveTlsCert' || name === 'serveTlsKey')
    return (live.serveTlsCert === undefined) !== (read.serveTlsCert === undefined);
  return SETTINGS[name].fixed === true;
}
