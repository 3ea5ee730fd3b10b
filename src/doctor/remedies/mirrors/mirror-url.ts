import { SluiceError } from '../../../base/index.js';
import type { Mirrored, RemedyContext, RemedyOptions } from '../port.js';
import { KNOWN_MIRRORS } from './known-mirrors.js';

/**
 * The mirror that was given, or that the settings or the profile know; undefined where none is known. Without a slash at its end.
 * @throws SluiceError USAGE for what is no plain http(s) URL, or none that the client takes
 */
export function mirrorUrl(
  name: Mirrored,
  { mirror }: Pick<RemedyOptions, 'mirror'>,
  { settings, profile }: Pick<RemedyContext, 'settings' | 'profile'>,
): string | undefined {
  if (mirror !== undefined) return checked(name, mirror);
  const endpoints = { huggingface: settings.hfEndpoints, modelscope: settings.msEndpoints };
  if (name === 'huggingface' || name === 'modelscope') {
    const [first] = endpoints[name];
    return first === undefined || DEFAULTS[name] === first ? undefined : checked(name, first);
  }
  const known = profile === undefined || !Object.hasOwn(KNOWN_MIRRORS, profile) ? undefined : KNOWN_MIRRORS[profile];
  return known?.[name];
}

/** What the clients take without being told. */
const DEFAULTS = { huggingface: 'https://huggingface.co', modelscope: 'https://modelscope.cn' } as const;

function checked(name: Mirrored, text: string): string {
  const wrong = (reason: string): SluiceError => new SluiceError('USAGE', { reason: `--mirror ${text}: ${reason}` });
  if (!URL.canParse(text)) throw wrong('not a URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw wrong('neither http nor https');
  // Files of settings are read by others, and shown by us.
  if (url.username !== '' || url.password !== '') throw wrong('it has a password');
  if (url.search !== '' || url.hash !== '') throw wrong('it has a query');
  if (/[\s"'`$\\;&|<>%]/.test(url.href)) throw wrong('it has characters that mean something to a shell');
  // Docker takes nothing behind the host (moby, registry/config.go).
  if (name === 'docker' && url.pathname !== '/') throw wrong('Docker takes no path');
  return url.href.replace(/\/+$/, '');
}
