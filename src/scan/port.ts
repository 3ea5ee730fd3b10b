/** What is inside a file, read without running any of it. Verdicts are those of docs/FORMATS.md; only `CLEAN` passes by itself. */

/** Random access to the bytes of one file or of one member of an archive, at hand or behind range requests. Lengths and offsets in bytes. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Exactly `length` bytes from `offset`; the caller stays within `sizeBytes`. Rejects where the bytes cannot be had. */
  read(offset: number, length: number): Promise<Buffer>;
}

/**
 * - `CLEAN`: every byte is attributed to a structure that runs nothing.
 * - `FINDINGS`: something in it is dangerous.
 * - `REVIEW`: something in it may be; a person decides.
 * - `NOT_SCANNED`: some of it was not read, by its format, its size or a limit.
 * - `ERROR`: it is not what its format says; readers may disagree about it.
 */
export type Verdict = 'CLEAN' | 'REVIEW' | 'NOT_SCANNED' | 'FINDINGS' | 'ERROR';

export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';

export interface Finding {
  /** Stable, as `PKL-IMPORT-DENY`: policies and waivers name it. */
  readonly rule: string;
  readonly severity: Severity;
  /** What was seen, with its values, in one line of English. */
  readonly evidence: string;
  /** The members that lead to it, outermost first: [] is the file itself. */
  readonly members: readonly string[];
  readonly offsetBytes?: number;
  readonly lengthBytes?: number;
}

/** Whose bytes [startByte, endByte) of the file are. */
export interface Attribution {
  readonly startByte: number;
  readonly endByte: number;
  /** `safetensors header`, `tensor data`, `pickle`, `padding`, … */
  readonly what: string;
}

/** What a new rule is asked about without reading the file again. Sorted, each once. */
export interface Inventory {
  /** `module.name`, as written and, where a reader maps old names, as mapped. */
  readonly imports: readonly string[];
  /** Those of the imports that are called. */
  readonly calls: readonly string[];
  /** Chat templates and other programs in text, whole up to 256 KiB each. */
  readonly templates: readonly string[];
  /** Code hooks: `auto_map.AutoModel=modeling_x.Model`, `keras.layers.Lambda`, `onnx.domain=ai.onnx.contrib`, `tf.op=ReadFile`, … */
  readonly hooks: readonly string[];
}

/** What a reader of one format says of the bytes it was given. */
export interface FormatScan {
  /** `safetensors`, `gguf`, `pickle`, `zip`, `torch-zip`, … */
  readonly format: string;
  /** The reader's own verdict; findings of severity `medium` and more, and bytes that nobody claims, are counted by `scanFile`. */
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly attributions: readonly Attribution[];
  readonly inventory: Inventory;
  /** The bytes break off as this format before they import, call or hold anything: of a file that is wholly another, they say nothing. */
  readonly isNothing?: boolean;
}

/** What a reader needs from its surroundings. */
export interface ScanContext {
  /** The name under which a loader would see these bytes: the last of `members`, else the file's path. Extensions are hints, never trusted. */
  readonly name: string;
  readonly members: readonly string[];
  /** How many containers are around these bytes; readers refuse to go deeper than `LIMITS` allow. */
  readonly depth: number;
  /** Scans bytes that lie inside (a member, a payload), by content. Counts depth and shared limits. */
  scanInside(bytes: ByteSource, name: string): Promise<FormatScan>;
  readonly signal?: AbortSignal;
  /** Checksums of numbers too, which nothing but their own reader would miss: all of the file is read for them. */
  readonly areAllChecksumsWanted?: boolean;
}

/** One format: how it is known by its first bytes (and the name, as a hint), and its reader. */
export interface Format {
  readonly format: string;
  /** By the first 64 KiB, or less of a smaller file. Several formats may claim the same bytes: all of them are read. */
  claims(start: Buffer, name: string, sizeBytes: number): boolean;
  scan(bytes: ByteSource, context: ScanContext): Promise<FormatScan>;
}
