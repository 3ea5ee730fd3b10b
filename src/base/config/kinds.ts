import { isAbsolute, resolve } from 'node:path';
import { NoTimetable, parseTimetable } from '../timetable/parse-timetable.js';
import { formatTimetable, type Timetable } from '../timetable/timetable.js';
import { formatBytes, formatDuration, parseBytes, parseDuration } from '../units.js';

/** Where relative names in a value start from. */
export interface Reading {
  /** Folder that relative paths are relative to: the working directory, or that of `sluice.toml`. */
  readonly folder: string;
  readonly homeDirectory: string;
}

/**
 * A type of value: how it is read from text and shown to people. `parse` throws a `BadValue` with the reason.
 * `list` kinds also take TOML arrays; `separator` splits their text form.
 */
export interface ValueKind<T> {
  /** For the documentation, e.g. `URL, URL...`. */
  readonly shape: string;
  readonly list?: boolean;
  parse(texts: readonly string[], reading: Reading): T;
  show(value: T): string;
}

/** The value does not fit its kind; `message` completes "the setting cannot be that: ...". */
export class BadValue extends Error {}

function single<T>(shape: string, parse: (text: string, reading: Reading) => T, show: (value: T) => string = String) {
  return {
    shape,
    parse: (texts: readonly string[], reading: Reading) => parse((texts.at(-1) ?? '').trim(), reading),
    show,
  } satisfies ValueKind<T>;
}

function list<T>(
  shape: string,
  separator: RegExp,
  parse: (text: string, reading: Reading) => T,
): ValueKind<readonly T[]> {
  return {
    shape,
    list: true,
    parse: (texts, reading) => {
      const parts = texts.flatMap((text) => text.split(separator)).map((part) => part.trim());
      return parts.filter((part) => part !== '').map((part) => parse(part, reading));
    },
    show: (values) => values.join(', '),
  };
}

export const text = single('TEXT', (value) => value);
export const secret = single('SECRET', (value) => {
  if (/[\s\u0000-\u001f\u007f-\uffff]/.test(value)) throw new BadValue('it has characters that no token has');
  return value;
});
export const directory = single('DIR', path);
export const files = list('FILE...', process.platform === 'win32' ? /[;]/ : /[:]/, path);
export const endpoints = list('URL, URL...', /[\s,]+/, endpoint);
export const proxy = single('URL', proxyUrl);

export const flag = single(
  'true | false',
  (value) => {
    if (/^(?:1|true|yes|on)$/i.test(value)) return true;
    if (/^(?:0|false|no|off)$/i.test(value)) return false;
    throw new BadValue('write true or false');
  },
  (value) => (value ? 'true' : 'false'),
);

export function oneOf<const T extends string>(...values: readonly T[]): ValueKind<T> {
  return single(values.join(' | '), (value) => {
    const found = values.find((candidate) => candidate === value.toLowerCase());
    if (found === undefined) throw new BadValue(`write one of ${values.join(', ')}`);
    return found;
  });
}

/** Some of the named values, in the order in which they are written; at least one. */
export function someOf<const T extends string>(...values: readonly T[]): ValueKind<readonly T[]> {
  const one = oneOf(...values);
  const several = list(`${values.join(' | ')}, ...`, /[\s,]+/, (value, reading) => one.parse([value], reading));
  return {
    ...several,
    parse: (texts, reading) => {
      const chosen = several.parse(texts, reading);
      if (chosen.length === 0) throw new BadValue(`write at least one of ${values.join(', ')}`);
      return chosen;
    },
  };
}

/** A count from 1 to `most`, or `auto`. */
export function countOrAuto(most: number): ValueKind<number | 'auto'> {
  return single('N | auto', (value) => {
    if (value.toLowerCase() === 'auto') return 'auto';
    const count = Number(value);
    if (!/^\d+$/.test(value) || count < 1 || count > most)
      throw new BadValue(`write auto or a number from 1 to ${most}`);
    return count;
  });
}

/** A rate, or rates by days and hours; `undefined` where there is never a limit. */
export const limit: ValueKind<Timetable | undefined> = single(
  'RATE | [DAYS] [FROM-TO] RATE, ...',
  (value) => {
    try {
      const timetable = parseTimetable(value);
      return timetable.every(({ bytesPerSecond }) => bytesPerSecond === undefined) ? undefined : timetable;
    } catch (thrown) {
      throw thrown instanceof NoTimetable ? new BadValue(thrown.message) : thrown;
    }
  },
  (value) => (value === undefined ? 'none' : formatTimetable(value)),
);

/** Bytes, at least `least`; `undefined` for `auto`. */
export function bytesOrAuto(least: number): ValueKind<number | undefined> {
  return single(
    'BYTES | auto',
    (value) => {
      if (value.toLowerCase() === 'auto') return undefined;
      const bytes = parseBytes(value);
      if (bytes === undefined || bytes < least) throw new BadValue(`write auto or at least ${least / 2 ** 20}MiB`);
      return bytes;
    },
    (value) => (value === undefined ? 'auto' : formatBytes(value)),
  );
}

/** Milliseconds. */
export const duration: ValueKind<number> = single(
  'TIME',
  (value) => {
    const ms = parseDuration(value);
    if (ms === undefined || ms < 1000) throw new BadValue('write a time of at least one second, such as 90s or 2m');
    return ms;
  },
  formatDuration,
);

/** Two names of the same content: `hf:org/name` is also at `ms:other/name`. One `*` on each side stands for the same part of a name. */
export interface SameRepository {
  readonly from: string;
  readonly to: string;
}

export const sameRepositories: ValueKind<readonly SameRepository[]> = {
  ...list('REF=SOURCE, ...', /[,;\n]/, samePair),
  show: (pairs) => pairs.map(({ from, to }) => `${from}=${to}`).join(', '),
};

function samePair(value: string): SameRepository {
  // A URL may have an equals sign of its own; a ref has none.
  const match = /^((?:hf|ms):[^\s=]+)\s*=\s*((?:(?:hf|ms):|(?:files\+)?https?:\/\/)\S+)$/.exec(value);
  const [, from = '', to = ''] = match ?? [];
  const stars = (text: string): number => text.split('*').length - 1;
  if (match === null) throw new BadValue('write hf:org/name=ms:other/name; the second may be the URL of a folder');
  if (stars(from) > 1 || stars(to) > stars(from))
    throw new BadValue('one * may stand on the left, and again on the right');
  return { from, to };
}

function path(value: string, reading: Reading): string {
  const expanded = /^~(?=$|[/\\])/.test(value) ? `${reading.homeDirectory}${value.slice(1)}` : value;
  return isAbsolute(expanded) ? resolve(expanded) : resolve(reading.folder, expanded);
}

/** `http(s)://host[:port][/prefix]`, without a slash at its end: URLs are built by appending to it. */
function endpoint(value: string): string {
  const url = parseUrl(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new BadValue('write an http:// or https:// URL');
  if (url.username !== '' || url.password !== '') throw new BadValue('give credentials as a token, not in the URL');
  if (url.search !== '' || url.hash !== '') throw new BadValue('an endpoint has no query and no fragment');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function proxyUrl(value: string): string {
  const url = parseUrl(/^[a-z0-9+]+:\/\//i.test(value) ? value : `http://${value}`);
  if (!['http:', 'https:', 'socks5:', 'socks5h:', 'socks:'].includes(url.protocol)) {
    throw new BadValue('write an http://, https:// or socks5:// URL');
  }
  return url.href.replace(/\/$/, '');
}

function parseUrl(value: string): URL {
  if (!/^[a-z0-9+]+:\/\//i.test(value)) throw new BadValue(`a URL starts with its scheme: https://${value}`);
  try {
    return new URL(value);
  } catch {
    throw new BadValue('not a valid URL');
  }
}
