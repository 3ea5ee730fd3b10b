import type { CAUSES } from './causes/table.js';
import type { Facts } from './facts.js';
import type { Fit } from './fit/fit.js';

export type CauseCode = keyof typeof CAUSES;

/** `blocks`: nothing arrives, or not to its end by one connection, until it is mended. `unfit`: it arrives and does not run here. `slows`: time is lost. `risks`: it works, and may not always. */
export type Severity = 'blocks' | 'unfit' | 'slows' | 'risks';

/** Plain values that the texts of a finding name: hosts, paths, milliseconds (`…Ms`), bytes (`…Bytes`), rates (`…PerSecond`). */
export type Evidence = Readonly<Record<string, string | number>>;

export interface Finding {
  readonly cause: CauseCode;
  readonly severity: Severity;
  /** The host or path that it is about. */
  readonly about: string;
  readonly evidence: Evidence;
  /** What it costs the job, by the model of `lost-time.ts`; 0 unless it slows. */
  readonly lostMs: number;
  /** Of all the time that is lost; 0 to 1. */
  readonly share: number;
  /** A command that mends it, to be run as it stands. */
  readonly command?: string;
}

export interface Report {
  /** The ref or host that was asked about; undefined for the machine and its hubs in general. */
  readonly subject?: string;
  readonly facts: Facts;
  /** What blocks first, then broken trust, then what does not run, then by the time that is lost. */
  readonly findings: readonly Finding[];
  /** How long the job takes as things are, and with every finding mended. */
  readonly expectedMs?: number;
  readonly possibleMs?: number;
  /** What the model of the facts needs, against what this machine has. */
  readonly fit?: Fit;
}
