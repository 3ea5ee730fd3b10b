import type { ExamineContext } from '../port.js';

/** Settings that `mirrors` stands for together: those that know a mirror by themselves. */
export const MIRRORED = ['pip', 'npm', 'git', 'docker', 'containerd', 'huggingface', 'modelscope'] as const;
export type Mirrored = (typeof MIRRORED)[number];

/** Every remedy that changes files and can be undone. */
export const REMEDIES = ['kernel', 'mirrors', ...MIRRORED] as const;
export type RemedyName = (typeof REMEDIES)[number];

/** A file as it is: everything that undoing gives back. */
export interface FileState {
  readonly bytes: Buffer;
  /** Permission bits, without the kind of file. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** `file`: replaced as a whole. `value`: a file of the kernel (/proc/sys, /sys) that is written in place and holds until the next start. */
export interface Change {
  readonly kind: 'file' | 'value';
  /** As it is on this machine, the other root included. */
  readonly path: string;
  readonly before: FileState | undefined;
  readonly after: FileState;
}

/** Things to know about a proposal; codes are stable, texts stand with the command line. */
export type NoteCode =
  | 'NO_BBR'
  | 'UNMEASURED'
  | 'PRODUCT'
  | 'UNFINISHED'
  | 'NEW_SHELLS'
  | 'NEEDS_CONFIG_PATH'
  | 'DOMAIN_IS_HTTPS'
  | 'REFUSED_VALUE';

export interface Note {
  readonly code: NoteCode;
  readonly values: Readonly<Record<string, string | number>>;
}

export interface Proposal {
  readonly remedy: RemedyName;
  /** Only what would really change; none where everything is so already. */
  readonly changes: readonly Change[];
  /** Commands for the user, who runs them afterwards: what was changed is only then read by who uses it. */
  readonly commands: readonly string[];
  readonly notes: readonly Note[];
}

/** What a remedy was asked to do. */
export interface RemedyOptions {
  /** A path like any other: `/` unless another system is mounted somewhere. */
  readonly root: string;
  readonly mirror?: string;
  /** Bandwidth and round trip of the path, where they need not be measured. */
  readonly bytesPerSecond?: number;
  readonly roundTripMs?: number;
  /** A ref or host over which they are measured. */
  readonly subject?: string;
}

export interface RemedyContext extends ExamineContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The built-in profile that is in force, if any. */
  readonly profile: string | undefined;
}

/** What a remedy's own code needs: paths as they are called inside of the root. */
export interface RemedyPlace {
  readonly at: (path: string) => string;
  readonly userHome: string;
  readonly env: RemedyContext['env'];
}
