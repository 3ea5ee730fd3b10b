import { isIP } from 'node:net';
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
  /** Takes TOML tables too, each as its JSON. Their text is not shown to anybody: it may hold a token. */
  readonly tables?: boolean;
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
export const texts = list('TEXT, ...', /[\s,]+/, (value) => value);
/** A policy: one that is built in, none, or a file. */
export const policy = single('default | off | FILE', (value, reading) =>
  value === 'default' || value === 'off' ? value : path(value, reading),
);
export const secret = single('SECRET', (value) => {
  if (/[\s\u0000-\u001f\u007f-\uffff]/.test(value)) throw new BadValue('it has characters that no token has');
  return value;
});
export const directory = single('DIR', path);
export const files = list('FILE...', process.platform === 'win32' ? /[;]/ : /[:]/, path);
export const endpoints = list('URL, URL...', /[\s,]+/, endpointOf);
export const endpoint = single('URL', endpointOf);
export const addresses = list('ADDRESS[/BITS], ...', /[\s,]+/, addressOf);
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

/** A count from `least` to `most`, or `auto`. */
export function countOrAuto(most: number, least = 1): ValueKind<number | 'auto'> {
  const number = wholeNumber(least, most, 'auto or ');
  return single('N | auto', (value) => (value.toLowerCase() === 'auto' ? 'auto' : number(value)));
}

/** A count from 1 to `most`; `undefined` for `none`. */
export function countOrNone(most: number): ValueKind<number | undefined> {
  const number = wholeNumber(1, most, 'none or ');
  return single(
    'N | none',
    (value) => (value.toLowerCase() === 'none' ? undefined : number(value)),
    (value) => (value === undefined ? 'none' : String(value)),
  );
}

/** A number from `least` to `most`. */
export function count(least: number, most: number): ValueKind<number> {
  return single('N', wholeNumber(least, most, ''));
}

function wholeNumber(least: number, most: number, or: string): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > most)
      throw new BadValue(`write ${or}a number from ${least} to ${most}`);
    return number;
  };
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

/** Bytes, at least one. */
export const bytes: ValueKind<number> = single('BYTES', someBytes, formatBytes);

/** Bytes; `undefined` for `none`. */
export const bytesOrNone: ValueKind<number | undefined> = single(
  'BYTES | none',
  (value) => (value.toLowerCase() === 'none' ? undefined : someBytes(value)),
  (value) => (value === undefined ? 'none' : formatBytes(value)),
);

function someBytes(value: string): number {
  const amount = parseBytes(value);
  if (amount === undefined || amount < 1) throw new BadValue('write a size such as 500GB or 2TiB');
  return amount;
}

/** Registries that everybody knows. */
export const USUAL_REGISTRIES: Readonly<Record<string, string>> = {
  'docker.io': 'https://registry-1.docker.io',
  ollama: 'https://registry.ollama.ai',
};

/** Base URLs of registries by the names that clients know them by, over the usual ones; `NAME=` takes one away. */
export const registries: ValueKind<Readonly<Record<string, string>>> = {
  shape: 'NAME=URL, ...',
  list: true,
  parse: (values) => {
    const found = new Map(Object.entries(USUAL_REGISTRIES));
    for (const value of values.flatMap((each) => each.split(/[\s,]+/)).filter((each) => each !== '')) {
      const [, name, url = ''] = /^([^=]+)=(.*)$/.exec(value) ?? [];
      if (name === undefined) throw new BadValue('write NAME=URL, e.g. ghcr.io=https://ghcr.io');
      if (url === '') found.delete(name.toLowerCase());
      else found.set(name.toLowerCase(), endpointOf(url));
    }
    return Object.fromEntries(found);
  },
  show: (value) =>
    Object.entries(value)
      .map(([name, url]) => `${name}=${url}`)
      .join(', '),
};

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
export function endpointOf(value: string): string {
  const url = parseUrl(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new BadValue('write an http:// or https:// URL');
  if (url.username !== '' || url.password !== '') throw new BadValue('give credentials as a token, not in the URL');
  if (url.search !== '' || url.hash !== '') throw new BadValue('an endpoint has no query and no fragment');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** An IP address, or a network as its first address and the number of bits that count. */
function addressOf(value: string): string {
  const [address = '', bits, ...more] = value.split('/');
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const isFine = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
  if (family === 0 || !isFine || more.length > 0) throw new BadValue('write an address or a network: 10.0.0.0/8');
  return value;
}

function proxyUrl(value: string): string {
  const url = parseUrl(/^[a-z0-9+]+:\/\//i.test(value) ? value : `http://${value}`);
  if (!['http:', 'https:', 'socks5:', 'socks5h:', 'socks:', 'ssh:'].includes(url.protocol)) {
    throw new BadValue('write an http://, https://, socks5://, socks5h:// or ssh:// URL');
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
