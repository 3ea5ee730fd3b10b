import { readFileSync } from 'node:fs';
import { parseDuration } from '../units.js';
import { BadValue, directory, endpointOf, secret, type Reading, type ValueKind } from './kinds.js';

/** One place that `sluice serve` asks, as its table in `sluice.toml` says. */
export interface UpstreamTable {
  /** How metrics and the log call it; unique. */
  readonly name: string;
  /** A hub, or a folder of plain files in which those of a repository stand below its name. */
  readonly kind: 'hf' | 'ms' | 'files';
  readonly url: string;
  readonly token: string | undefined;
  /** Patterns of repositories that it is asked for; all where there is none. */
  readonly allow: readonly string[];
  /** Patterns of repositories that it is never asked for. */
  readonly deny: readonly string[];
  /** Those after it are asked beside it when it has not answered for so long. */
  readonly timeoutMs: number;
  /** After so many failures in a row it is left alone for `failMs`. */
  readonly maxFails: number;
  readonly failMs: number;
  /** Whether those after it are asked for what it says it has not got. */
  readonly notFound: 'next' | 'stop';
  /** Whether it is shown the tokens of callers. */
  readonly callerTokens: boolean;
}

export const UPSTREAM_DEFAULTS = { timeoutMs: 3000, maxFails: 3, failMs: 15_000 } as const;

const MOST_UPSTREAMS = 64;
const KEYS = [
  'name',
  'kind',
  'url',
  'token',
  'token-file',
  'allow',
  'deny',
  'timeout',
  'max-fails',
  'fail-timeout',
  'not-found',
  'caller-tokens',
];

/** Upstreams as tables: `[[serve.upstream]]` in TOML, or the same as JSON, one object or a list of them. */
export const upstreams: ValueKind<readonly UpstreamTable[]> = {
  shape: 'TABLE...',
  list: true,
  tables: true,
  parse: (texts, reading) => {
    const tables = texts.flatMap(tablesOf);
    if (tables.length > MOST_UPSTREAMS) throw new BadValue(`write at most ${MOST_UPSTREAMS}`);
    const kinds = new Set<string>();
    const names = new Set<string>();
    return tables.map((table) => {
      const upstream = upstreamOf(table, reading, (kind) => !kinds.has(kind));
      if (names.has(upstream.name)) throw new BadValue(`two are called ${upstream.name}`);
      kinds.add(upstream.kind);
      names.add(upstream.name);
      return upstream;
    });
  },
  show: (values) => values.map(({ name, kind, url }) => `${name} (${kind} ${url})`).join(', '),
};

type Table = Readonly<Record<string, unknown>>;

function tablesOf(text: string): readonly Table[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadValue('write [[serve.upstream]] tables, or the same as JSON');
  }
  return (Array.isArray(value) ? value : [value]).map((each: unknown) => {
    if (typeof each !== 'object' || each === null || Array.isArray(each))
      throw new BadValue('write [[serve.upstream]] tables');
    return each as Table;
  });
}

function upstreamOf(table: Table, reading: Reading, isFirst: (kind: string) => boolean): UpstreamTable {
  const strange = Object.keys(table).find((key) => !KEYS.includes(key));
  if (strange !== undefined) throw new BadValue(`there is no key ${strange}; there are ${KEYS.join(', ')}`);
  const kind = choice(table, 'kind', ['hf', 'ms', 'files'], undefined);
  const url = endpointOf(textOf(table, 'url') ?? '');
  const name = textOf(table, 'name') ?? new URL(url).host;
  if (!/^[\w.:-]{1,64}$/.test(name)) throw new BadValue('a name is up to 64 letters, digits, dots, dashes');
  return {
    name,
    kind,
    url,
    token: tokenOf(table, reading),
    allow: textsOf(table, 'allow'),
    deny: textsOf(table, 'deny'),
    timeoutMs: timeOf(table, 'timeout', UPSTREAM_DEFAULTS.timeoutMs),
    maxFails: countOf(table, 'max-fails', UPSTREAM_DEFAULTS.maxFails),
    failMs: timeOf(table, 'fail-timeout', UPSTREAM_DEFAULTS.failMs),
    notFound: choice(table, 'not-found', ['next', 'stop'], 'stop'),
    callerTokens: flagOf(table, 'caller-tokens', kind !== 'files' && isFirst(kind)),
  };
}

function textOf(table: Table, key: string): string | undefined {
  const value = table[key];
  if (value !== undefined && typeof value !== 'string') throw new BadValue(`${key} is a text`);
  return value === '' ? undefined : value;
}

function textsOf(table: Table, key: string): readonly string[] {
  const value = table[key] ?? [];
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string'))
    throw new BadValue(`${key} is a list of patterns, such as ["acme/*"]`);
  return value;
}

function choice<const T extends string>(table: Table, key: string, values: readonly T[], fallback: T | undefined): T {
  const value = table[key] ?? fallback;
  const found = values.find((each) => each === value);
  if (found === undefined) throw new BadValue(`${key} is one of ${values.join(', ')}`);
  return found;
}

function timeOf(table: Table, key: string, fallback: number): number {
  const text = textOf(table, key);
  const ms = text === undefined ? fallback : parseDuration(text);
  if (ms === undefined || ms < 100) throw new BadValue(`${key} is a time such as 500ms or 30s`);
  return ms;
}

function countOf(table: Table, key: string, fallback: number): number {
  const value = table[key] ?? fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 1000)
    throw new BadValue(`${key} is a number from 1 to 1000`);
  return value;
}

function flagOf(table: Table, key: string, fallback: boolean): boolean {
  const value = table[key] ?? fallback;
  if (typeof value !== 'boolean') throw new BadValue(`${key} is true or false`);
  return value;
}

function tokenOf(table: Table, reading: Reading): string | undefined {
  const said = textOf(table, 'token');
  const file = textOf(table, 'token-file');
  if (said !== undefined && file !== undefined) throw new BadValue('write token or token-file, not both');
  if (file === undefined) return said === undefined ? undefined : secret.parse([said], reading);
  try {
    return secret.parse([readFileSync(directory.parse([file], reading), 'utf8').trim()], reading);
  } catch (thrown) {
    throw thrown instanceof BadValue ? thrown : new BadValue(`token-file ${file} cannot be read`);
  }
}
