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
  type SameRepository,
  type SettingEntry,
  type SettingName,
  type Settings,
  type ValueOrigin,
  UPSTREAM_DEFAULTS,
  type UpstreamTable,
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
export type {
  AdmissionReason,
  EventSink,
  FileDifference,
  FileProgress,
  PlaceReport,
  PlanSummary,
  RefusedFile,
  SluiceEvent,
  SourceProgress,
  UnaskedReason,
} from './events.js';
export { JsonFault, parseStrictJson, type StrictJson } from './json/strict-json.js';
export { redact } from './redact.js';
export { assertSafePath, printable, unsafeReason } from './safe-path.js';
export { engineBudget, type EngineBudget, type MachineDescription } from './machine/engine-budget.js';
export { readMachine } from './machine/read-machine.js';
export { SpareThreads } from './threads/spare-threads.js';
export { WriteReach } from './machine/write-reach.js';
export { WriteTurn } from './machine/write-turn.js';
export { rateAt, type Timetable } from './timetable/timetable.js';
export { parseTimetable } from './timetable/parse-timetable.js';
export { errorTemplate, errorText, settingText, signatureReason, type ErrorText } from './texts/index.js';
export { fill } from './texts/fill.js';
export { detectLang, type Lang } from './texts/lang.js';
export { formatBytes, formatDuration, formatRate, parseBytes, parseDuration, parseRate } from './units.js';
