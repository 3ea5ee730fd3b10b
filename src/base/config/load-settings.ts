import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { SluiceError } from '../errors.js';
import { redact } from '../redact.js';
import { variable, type Environment, type Machine } from './environment.js';
import { BadValue } from './kinds.js';
import { nearest } from './nearest.js';
import { BUILT_IN_PROFILES, type ProfileTable } from './profiles.js';
import { readSettingsFile, settingsPath, type SettingsFile } from './settings-file.js';
import { HF_HUB, SETTING_NAMES, SETTINGS, type SettingName, type Settings } from './table.js';
import type { Setting } from './setting.js';

/** Values of flags by the name of their setting; a repeated flag has several. */
export type Flags = Readonly<Partial<Record<SettingName, string | readonly string[] | boolean | undefined>>>;

export interface LoadInput {
  readonly flags?: Flags;
  readonly env: Environment;
  readonly cwd: string;
  readonly platform?: NodeJS.Platform;
  readonly homeDirectory?: string;
}

/** Where a value came from; `name` is the flag, variable, profile or file. */
export interface ValueOrigin {
  readonly from: 'flag' | 'environment' | 'profile' | 'file' | 'default';
  readonly name: string;
}

export interface SettingEntry {
  readonly name: SettingName;
  readonly key: string;
  /** The value in words, without secrets. */
  readonly shown: string;
  readonly origin: ValueOrigin;
}

export interface LoadedSettings {
  readonly settings: Settings & {
    /** Those of `hfEndpoints` that the token may be sent to: mirrors that only a built-in profile named are not among them. */
    readonly hfTokenEndpoints: readonly string[];
    /** Hubs whose endpoints the user named; those of the others are our defaults. */
    readonly namedHubs: readonly ('hf' | 'ms')[];
  };
  readonly entries: readonly SettingEntry[];
  /** Where `sluice.toml` is, or would be. */
  readonly path: string;
  readonly fileRead: boolean;
  readonly profiles: readonly string[];
}

interface Raw {
  readonly texts: readonly string[];
  readonly origin: ValueOrigin;
  readonly folder: string;
}

/** One place that values may come from. */
type Layer = (name: SettingName) => Raw | undefined;

/**
 * Merges flags, environment, `sluice.toml` and defaults, in this order of precedence. A profile stands right below the level that chose it:
 * `--profile` above the environment, `SLUICE_PROFILE` above the file, `profile = ` above the file's other keys.
 * @throws SluiceError BAD_SETTING
 */
export async function loadSettings(input: LoadInput): Promise<LoadedSettings> {
  const machine: Machine = {
    env: input.env,
    platform: input.platform ?? process.platform,
    homeDirectory: input.homeDirectory ?? (variable(input.env, 'HOME') || homedir()),
  };
  const file = await readSettingsFile(machine, input.cwd);
  const flags = flagLayer(input.flags ?? {}, input.cwd);
  const environment = environmentLayer(machine, input.cwd);
  const plain = fileLayer(file);
  const profile = profileLayer([flags, environment, plain], file, input.cwd);
  const levels = [flags, environment, plain];
  if (profile !== undefined) levels.splice(Math.min(profile.level + 1, 2), 0, profile.layer);
  const merged = SETTING_NAMES.map((name) => merge(name, levels, machine));
  const values = Object.fromEntries(merged.map(({ entry, value }) => [entry.name, value])) as unknown as Settings;
  const entries = merged.map(({ entry }) => entry);
  return {
    settings: {
      ...values,
      hfTokenEndpoints: isNamed('hfEndpoints', entries, file)
        ? values.hfEndpoints
        : values.hfEndpoints.filter((endpoint) => endpoint === HF_HUB),
      namedHubs: (['hf', 'ms'] as const).filter((hub) => {
        const origin = originOf(`${hub}Endpoints`, entries);
        return origin?.from !== 'default' && isNamed(`${hub}Endpoints`, entries, file);
      }),
    },
    entries,
    path: settingsPath(machine, input.cwd).path,
    fileRead: file !== undefined,
    profiles: [...new Set([...Object.keys(BUILT_IN_PROFILES), ...Object.keys(file?.profiles ?? {})])],
  };
}

function flagLayer(flags: Flags, cwd: string): Layer {
  return (name) => {
    const value = flags[name];
    if (value === undefined || value === '') return undefined;
    const texts = Array.isArray(value) ? (value as readonly string[]) : [String(value)];
    const flag = (SETTINGS[name].flag ?? `--${SETTINGS[name].key}`).split(' ')[0] ?? '';
    return texts.length === 0 ? undefined : { texts, origin: { from: 'flag', name: flag }, folder: cwd };
  };
}

function environmentLayer(machine: Machine, cwd: string): Layer {
  return (name) => {
    const setting: Setting<unknown> = SETTINGS[name];
    const found: { name: string; text: string }[] = [];
    for (const source of setting.variables) {
      const value = variable(machine.env, source.name);
      const text = value === undefined || source.read === undefined ? value : source.read(value, machine);
      if (text === undefined) continue;
      found.push({ name: source.name, text });
      if (!setting.all) break;
    }
    if (found.length === 0) return undefined;
    const names = found.map((one) => one.name).join(' ');
    return { texts: found.map(({ text }) => text), origin: { from: 'environment', name: names }, folder: cwd };
  };
}

function fileLayer(file: SettingsFile | undefined): Layer {
  return (name) =>
    file && tableValue(file.values, name, { from: 'file', name: file.path }, file.folder, SETTINGS[name].key);
}

/** The chosen profile, and the index of the level that chose it. */
function profileLayer(
  levels: readonly Layer[],
  file: SettingsFile | undefined,
  cwd: string,
): { readonly level: number; readonly layer: Layer } | undefined {
  for (const [level, layer] of levels.entries()) {
    const chosen = layer('profile');
    if (chosen === undefined) continue;
    const profile = chosen.texts.at(-1) ?? '';
    const table = findProfile(profile, file);
    if (table === undefined) throw noSuchProfile(profile, file, chosen.origin);
    const folder = file?.folder ?? cwd;
    return {
      level,
      layer: (name) =>
        tableValue(
          table,
          name,
          { from: 'profile', name: profile },
          folder,
          `profiles.${profile}.${SETTINGS[name].key}`,
        ),
    };
  }
  return undefined;
}

function findProfile(name: string, file: SettingsFile | undefined): ProfileTable | undefined {
  if (file !== undefined && Object.hasOwn(file.profiles, name)) return file.profiles[name];
  return Object.hasOwn(BUILT_IN_PROFILES, name) ? BUILT_IN_PROFILES[name] : undefined;
}

function noSuchProfile(name: string, file: SettingsFile | undefined, origin: ValueOrigin): SluiceError {
  const known = [...Object.keys(BUILT_IN_PROFILES), ...Object.keys(file?.profiles ?? {})];
  const near = nearest(name, known);
  const reason = near === undefined ? `there are ${known.join(', ')}` : `did you mean ${near}?`;
  return new SluiceError('BAD_SETTING', { key: 'profile', value: name, where: origin.name, reason });
}

/** A TOML value as texts, which every kind reads. */
function tableValue(
  table: ProfileTable,
  name: SettingName,
  origin: ValueOrigin,
  folder: string,
  key: string,
): Raw | undefined {
  const setting: Setting<unknown> = SETTINGS[name];
  const value = table[setting.key];
  if (value === undefined || value === '') return undefined;
  const bad = (reason: string): SluiceError => new SluiceError('BAD_SETTING', { key, where: origin.name, reason });
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (Array.isArray(value) && !setting.kind.list) throw bad('it takes one value, not a list');
  if (parts.length === 0) return undefined;
  const texts = parts.map((part) => {
    if (typeof part === 'string' || typeof part === 'boolean') return String(part);
    if (typeof part === 'number' || typeof part === 'bigint') return String(part);
    if (setting.kind.tables && typeof part === 'object') return JSON.stringify(part);
    throw bad(`write ${setting.kind.shape}`);
  });
  return { texts, origin, folder };
}

function merge(name: SettingName, levels: readonly Layer[], machine: Machine): { entry: SettingEntry; value: unknown } {
  const setting: Setting<unknown> = SETTINGS[name];
  for (const level of levels) {
    const raw = level(name);
    if (raw === undefined) continue;
    const value = parse(name, setting, raw, machine);
    return { entry: entryOf(name, setting, value, raw.origin), value };
  }
  const value = setting.fallback(machine);
  const file = value === undefined ? undefined : setting.fallbackFile?.(machine);
  const origin: ValueOrigin =
    file === undefined ? { from: 'default', name: setting.fallbackShown } : { from: 'file', name: file };
  return { entry: entryOf(name, setting, value, origin), value };
}

function parse(name: SettingName, setting: Setting<unknown>, raw: Raw, machine: Machine): unknown {
  try {
    const value = setting.kind.parse(raw.texts, { folder: raw.folder, homeDirectory: machine.homeDirectory });
    return name === 'caFiles' ? presentFiles(value as readonly string[], raw.origin) : value;
  } catch (thrown) {
    if (!(thrown instanceof BadValue)) throw thrown;
    const value = setting.secret || setting.kind.tables ? '***' : raw.texts.join(' ');
    const { from, name: where } = raw.origin;
    const key = from === 'flag' || from === 'environment' ? where : setting.key;
    throw new SluiceError('BAD_SETTING', { key, value, reason: thrown.message, ...(key === where ? {} : { where }) });
  }
}

/** Variables of other programs may name files that are long gone; what was meant for Sluice must be there. */
function presentFiles(paths: readonly string[], origin: ValueOrigin): readonly string[] {
  const missing = paths.find((path) => !existsSync(path));
  if (missing === undefined) return [...new Set(paths)];
  if (origin.from !== 'environment') throw new BadValue(`there is no file ${missing}`);
  return [...new Set(paths.filter((path) => existsSync(path)))];
}

function entryOf(name: SettingName, setting: Setting<unknown>, value: unknown, origin: ValueOrigin): SettingEntry {
  const shown = setting.kind.show(value);
  return { name, key: setting.key, shown: setting.secret ? masked(shown) : redact(shown), origin };
}

/** Enough of a token to recognise it. */
function masked(token: string): string {
  if (token === '') return '';
  return token.length < 16 ? '***' : `${token.slice(0, 3)}***${token.slice(-4)}`;
}

/** Whether a value is the user's own choice or a default, rather than that of a built-in profile. */
function isNamed(name: SettingName, entries: readonly SettingEntry[], file: SettingsFile | undefined): boolean {
  const origin = originOf(name, entries);
  return origin?.from !== 'profile' || Object.hasOwn(file?.profiles ?? {}, origin.name);
}

function originOf(name: SettingName, entries: readonly SettingEntry[]): ValueOrigin | undefined {
  return entries.find((entry) => entry.name === name)?.origin;
}
