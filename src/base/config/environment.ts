import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the machine says, before any setting is known. */
export interface Machine {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly homeDirectory: string;
}

/** A variable that is set and not empty: an empty one means unset, as people expect and huggingface_hub does not do. */
export function variable(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

/** Where the platform wants programs to keep data. */
export function dataDirectory({ env, platform, homeDirectory }: Machine): string {
  if (platform === 'win32') {
    return join(variable(env, 'LOCALAPPDATA') ?? join(homeDirectory, 'AppData', 'Local'), 'sluice');
  }
  if (platform === 'darwin') return join(homeDirectory, 'Library', 'Application Support', 'sluice');
  return join(variable(env, 'XDG_DATA_HOME') ?? join(homeDirectory, '.local', 'share'), 'sluice');
}

/** Where the platform wants programs to keep settings. */
export function configDirectory({ env, platform, homeDirectory }: Machine): string {
  const xdg = variable(env, 'XDG_CONFIG_HOME');
  if (xdg !== undefined) return join(xdg, 'sluice');
  if (platform === 'win32') {
    return join(variable(env, 'APPDATA') ?? join(homeDirectory, 'AppData', 'Roaming'), 'sluice');
  }
  if (platform === 'darwin') return join(homeDirectory, 'Library', 'Application Support', 'sluice');
  return join(homeDirectory, '.config', 'sluice');
}

/** `$HF_HOME`, by huggingface_hub's rule. */
export function huggingFaceHome({ env, homeDirectory }: Machine): string {
  const home = variable(env, 'HF_HOME');
  if (home !== undefined) return expandHome(home, homeDirectory);
  return join(variable(env, 'XDG_CACHE_HOME') ?? join(homeDirectory, '.cache'), 'huggingface');
}

export function expandHome(path: string, homeDirectory: string): string {
  return /^~(?=$|[/\\])/.test(path) ? `${homeDirectory}${path.slice(1)}` : path;
}

/** huggingface_hub's reading of a switch: everything but these words is "off". */
export function isOn(value: string): boolean {
  return /^(?:1|on|yes|true)$/i.test(value);
}

/** The first line of a small file, or undefined when there is none. */
export function readTokenFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
