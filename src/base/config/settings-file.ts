import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SluiceError, toSluiceError } from '../errors.js';
import { configDirectory, expandHome, variable, type Machine } from './environment.js';
import { nearest } from './nearest.js';
import type { ProfileTable } from './profiles.js';
import { SETTINGS } from './table.js';

/** `sluice.toml`, flattened: dotted keys with the values as TOML gave them. */
export interface SettingsFile {
  readonly path: string;
  readonly folder: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly profiles: Readonly<Record<string, ProfileTable>>;
}

/**
 * Where `sluice.toml` is looked for. Never in the working directory: that may belong to strangers (an unpacked archive,
 * a cloned repository), and a file there could send tokens to another host.
 */
export function settingsPath(machine: Machine, cwd: string): { path: string; named: boolean } {
  const named = variable(machine.env, 'SLUICE_CONFIG');
  if (named !== undefined) return { path: resolve(cwd, expandHome(named, machine.homeDirectory)), named: true };
  return { path: join(configDirectory(machine), 'sluice.toml'), named: false };
}

/**
 * Reads the file if it is there.
 * @throws SluiceError BAD_SETTING for one that is named but absent, is not TOML, or has keys that do not exist
 */
export async function readSettingsFile(machine: Machine, cwd: string): Promise<SettingsFile | undefined> {
  const { path, named } = settingsPath(machine, cwd);
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (thrown) {
    const absent =
      thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR');
    if (absent && !named) return undefined;
    if (absent) throw new SluiceError('BAD_SETTING', { key: 'SLUICE_CONFIG', value: path, reason: 'no such file' });
    throw toSluiceError(thrown, { path });
  }
  return parseSettingsFile(content, path);
}

/** @throws SluiceError BAD_SETTING */
export async function parseSettingsFile(content: string, path: string): Promise<SettingsFile> {
  const { parse } = await import('smol-toml');
  let root: Record<string, unknown>;
  try {
    root = parse(content);
  } catch (thrown) {
    const reason = thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown);
    throw new SluiceError('BAD_SETTING', { key: 'SLUICE_CONFIG', value: path, reason });
  }
  const { profiles: profileTables = {}, ...plain } = root;
  if (!isTable(profileTables)) throw unknownKey('profiles', path, 'write [profiles.NAME]');
  const profiles: Record<string, ProfileTable> = {};
  for (const [name, table] of Object.entries(profileTables)) {
    if (!isTable(table)) throw unknownKey(`profiles.${name}`, path, `write [profiles.${name}]`);
    profiles[name] = flatten(table, path, `profiles.${name}.`);
  }
  return { path, folder: dirname(path), values: flatten(plain, path, ''), profiles };
}

const KEYS = new Map(Object.values(SETTINGS).map((setting) => [setting.key, setting]));

function flatten(table: Readonly<Record<string, unknown>>, path: string, prefix: string): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  const visit = (node: Readonly<Record<string, unknown>>, stem: string): void => {
    for (const [name, value] of Object.entries(node)) {
      const key = stem + name;
      if (isTable(value) && !KEYS.has(key)) visit(value, `${key}.`);
      else flat[checkKey(key, path, prefix)] = value;
    }
  };
  visit(table, '');
  return flat;
}

function checkKey(key: string, path: string, prefix: string): string {
  const setting = KEYS.get(key);
  if (setting !== undefined && !(prefix !== '' && setting.outsideProfiles)) return key;
  if (setting !== undefined) throw unknownKey(prefix + key, path, 'it cannot be part of a profile');
  const near = nearest(key, KEYS.keys());
  throw unknownKey(
    prefix + key,
    path,
    `there is no such setting${near === undefined ? '' : `; did you mean ${near}?`}`,
  );
}

/** The value is left out: it may be a token under a mistyped key. */
function unknownKey(key: string, where: string, reason: string): SluiceError {
  return new SluiceError('BAD_SETTING', { key, where, reason });
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) !== Array.prototype &&
    !(value instanceof Date)
  );
}
