export {
  BUILT_IN_PROFILES,
  SETTING_NAMES,
  SETTINGS,
  loadSettings,
  nearest,
  type Environment,
  type Flags,
  type LoadedSettings,
  type LoadInput,
  type SettingEntry,
  type SettingName,
  type Settings,
  type ValueOrigin,
} from './config/index.js';
export { DIGEST_ALGORITHMS, type DigestAlgorithm, type Digests } from './digests.js';
export {
  ERROR_KINDS,
  SluiceError,
  errnoOf,
  toSluiceError,
  type ErrorCode,
  type ErrorDetails,
  type ExitCode,
  type Retry,
} from './errors.js';
export type { EventSink, FileProgress, PlanSummary, SluiceEvent, SourceProgress } from './events.js';
export { redact } from './redact.js';
export { assertSafePath, printable, unsafeReason } from './safe-path.js';
export { errorTemplate, errorText, settingText, type ErrorText } from './texts/index.js';
export { fill } from './texts/fill.js';
export { detectLang, type Lang } from './texts/lang.js';
export { formatBytes, formatDuration, formatRate, parseBytes, parseDuration, parseRate } from './units.js';
