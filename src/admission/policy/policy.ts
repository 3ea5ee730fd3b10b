import type { Severity } from '../../scan/index.js';

/** What is done about something that may be wrong. */
export type Response = 'admit' | 'warn' | 'refuse';

/** An exception with an owner and an end. It holds against reasons of one rule, for one file or what a pattern of refs names. */
export interface Waiver {
  /** A rule of the policy or of the scanner, e.g. `PKL-IMPORT-UNKNOWN` or `AGE`. Never all of them. */
  readonly rule: string;
  /** SHA-256 of the one file that it is for. */
  readonly digest: string | undefined;
  /** A pattern of refs without revision, e.g. `hf:acme/*`. */
  readonly ref: string | undefined;
  readonly owner: string;
  readonly reason: string;
  /** Unix milliseconds from which on it is none any more. */
  readonly untilMs: number;
}

/** A module of the user's that looks at every file (docs/POLICY.md, "Modules"). */
export interface Hook {
  readonly name: string;
  /** Absolute. */
  readonly module: string;
  /** What the module's bytes must have. */
  readonly sha256: string;
  readonly timeMs: number;
  readonly memoryPages: number;
  /** Most bytes of a file that one run may read. */
  readonly readBytes: number;
}

/** A rule of one's own over what files were found to name: old inventories are judged by it without reading a byte. Entries are patterns, of which one has to fit. */
export interface InventoryRule {
  readonly id: string;
  readonly severity: Severity;
  readonly imports: readonly string[];
  readonly calls: readonly string[];
  readonly hooks: readonly string[];
  /** Pieces of text, looked for in templates as they stand. */
  readonly templates: readonly string[];
  readonly why: string;
}

/** What is let in: data, read from TOML (docs/POLICY.md). */
export interface Policy {
  readonly name: string;
  /** Patterns of refs that it is for, e.g. `hf:*`; all when undefined. What it is not for passes unlooked at. */
  readonly refs: readonly string[] | undefined;
  readonly formats: { readonly allow: readonly string[] | undefined; readonly deny: readonly string[] };
  readonly scan: {
    /** Findings of this severity and above refuse, whatever the verdict; undefined: none does. */
    readonly refuse: Severity | undefined;
    /** Findings below that. */
    readonly below: Response;
    readonly review: Response;
    readonly notScanned: Response;
    readonly error: Response;
    /** Rules of the scanner that count for nothing. */
    readonly ignore: readonly string[];
  };
  readonly rules: readonly InventoryRule[];
  readonly signature: {
    readonly required: boolean;
    /** Absolute path of the trust policy that says whose signatures are proven; there is one where a signature is required. */
    readonly policy: string | undefined;
    /** Identities as that policy writes them, of which one has to have signed; empty: any that it accepts. */
    readonly from: readonly string[];
  };
  readonly licence: {
    readonly allow: readonly string[] | undefined;
    readonly deny: readonly string[];
    /** Of none, or of one that nobody knows. */
    readonly unknown: Response;
    /** Where what is declared and what the text says differ. */
    readonly contradiction: Response;
    /** Whether models are used commercially. */
    readonly commercial: boolean;
  };
  readonly size: { readonly fileBytes: number | undefined; readonly revisionBytes: number | undefined };
  readonly age: { readonly leastMs: number };
  readonly waivers: readonly Waiver[];
  readonly hooks: readonly Hook[];
}

/**
 * What `pull` goes by unless told: what the scanner calls dangerous is refused, what it is not sure of or could not read is told. Most of what hubs have is not scanned
 * whole by anything (images, tokenizers of old, formats of one library), so that a refusal of it would only teach people to switch the gate off.
 */
export const DEFAULT_POLICY: Policy = {
  name: 'default',
  refs: undefined,
  formats: { allow: undefined, deny: [] },
  scan: { refuse: 'high', below: 'warn', review: 'warn', notScanned: 'warn', error: 'warn', ignore: [] },
  rules: [],
  signature: { required: false, policy: undefined, from: [] },
  licence: { allow: undefined, deny: [], unknown: 'admit', contradiction: 'admit', commercial: false },
  size: { fileBytes: undefined, revisionBytes: undefined },
  age: { leastMs: 0 },
  waivers: [],
  hooks: [],
};

/** What is asked of a policy that says nothing else: a policy of one's own fails closed. */
export const STRICT_POLICY: Policy = {
  ...DEFAULT_POLICY,
  name: 'policy',
  scan: { refuse: 'medium', below: 'warn', review: 'refuse', notScanned: 'refuse', error: 'refuse', ignore: [] },
};
