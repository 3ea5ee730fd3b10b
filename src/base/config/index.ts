export { type Environment } from './environment.js';
export {
  loadSettings,
  type Flags,
  type LoadedSettings,
  type LoadInput,
  type SettingEntry,
  type ValueOrigin,
} from './load-settings.js';
export type { SameRepository } from './kinds.js';
export { UPSTREAM_DEFAULTS, type UpstreamTable } from './upstream-tables.js';
export { nearest } from './nearest.js';
export { BUILT_IN_PROFILES } from './profiles.js';
export { SETTING_NAMES, SETTINGS, type SettingName, type Settings } from './table.js';
