import type { ErrorCode } from './errors.js';

/**
 * Everything that Sluice decides or achieves, as one typed stream. The terminal, `--json`, records and, later, metrics
 * are readers of it; the engine never prints. Bytes are counts, `…Ms` are milliseconds, times are ISO 8601 in `at`.
 */
export type SluiceEvent =
  | {
      type: 'ref.resolved';
      ref: string;
      origin: string;
      host: string;
      repository: string;
      revision: string;
      commit: string;
    }
  | { type: 'plan.ready'; ref: string; plan: PlanSummary }
  | { type: 'file.started'; file: string; sizeBytes: number | null; resumedBytes: number; sources: readonly string[] }
  | { type: 'file.adopted'; file: string; from: string; bytes: number }
  | { type: 'file.proven'; file: string; sizeBytes: number; sha256: string; checks: readonly string[] }
  /** A file was sealed; `sha256` is of its plaintext. */
  | { type: 'file.sealed'; file: string; to: string; sizeBytes: number; sealedBytes: number; sha256: string }
  /** A sealed file was opened, every byte of it proven. */
  | { type: 'file.unsealed'; file: string; to: string; sizeBytes: number; sha256: string }
  /** A checkpoint was written as safetensors, and each tensor proven to be the same; `sha256` is of what was written. */
  | {
      type: 'file.converted';
      file: string;
      to: string;
      sizeBytes: number;
      sha256: string;
      sourceSha256: string;
      proof: string;
      tensors: readonly { name: string; dtype: string; shape: readonly number[]; sha256: string }[];
    }
  | { type: 'file.landed'; file: string; sha256: string }
  | { type: 'file.failed'; file: string; code: ErrorCode; message: string }
  /** Nobody wants more of a file of which parts were asked for; what has come stays. */
  | { type: 'file.rested'; file: string; heldBytes: number }
  | { type: 'file.waiting'; file: string; holder: string }
  | {
      type: 'piece.landed';
      file: string;
      index: number;
      startByte: number;
      endByte: number;
      source: string;
      ms: number;
    }
  | {
      type: 'piece.failed';
      file: string;
      index: number;
      source: string;
      code: ErrorCode;
      message: string;
      retryInMs: number | null;
    }
  | {
      type: 'piece.wrong';
      file: string;
      index: number;
      source: string;
      message: string;
      /** SHA-256 that a list or a proof of ours tells, and what came instead; only where there is one. */
      expected?: string;
      actual?: string;
    }
  | {
      type: 'source.found';
      source: string;
      ref: string;
      commit: string | null;
      agree: number;
      agreeBytes: number;
      differ: number;
      lack: number;
      ms: number;
    }
  | {
      type: 'source.differs';
      source: string;
      file: string;
      sizeBytes: number | null;
      sha256: string | null;
      theirSizeBytes: number | null;
      theirSha256: string | null;
    }
  | { type: 'source.absent'; source: string; ref: string; code: ErrorCode; message: string }
  | { type: 'source.unasked'; source: string; ref: string; reason: UnaskedReason }
  | {
      type: 'source.doubted';
      source: string;
      file: string;
      index: number;
      startByte: number;
      endByte: number;
      reason: 'set-aside' | 'slipped' | 'undecided';
      sha256: string | null;
      otherSha256: string | null;
      others: readonly string[];
      againBytes: number;
    }
  | { type: 'source.banned'; source: string; code: ErrorCode; message: string }
  | { type: 'source.waiting'; source: string; waitMs: number; reason: string }
  | {
      type: 'scheduler.connections';
      source: string;
      from: number;
      to: number;
      reason: 'climb' | 'flat' | 'collapse' | 'ease' | 'needed' | 'refused' | 'degraded';
      goodputBefore: number;
      goodputAfter: number;
    }
  | {
      type: 'scheduler.taken-back';
      source: string;
      file: string;
      index: number;
      reason: 'silent' | 'sooner-elsewhere';
      to: string | null;
      silentMs: number;
      leftMs: number | null;
      thenMs: number | null;
    }
  | {
      type: 'scheduler.redialled';
      source: string;
      file: string;
      index: number;
      bytesPerSecond: number;
      siblingBytesPerSecond: number;
      tried: number;
      helped: number;
    }
  | {
      type: 'source.degraded';
      source: string;
      reason: 'round-trip' | 'failures' | 'silent';
      score: number;
      roundTripMs: number;
      earlierRoundTripMs: number;
      failedShare: number;
      bytesPerSecond: number;
      to: string | null;
      toScore: number | null;
      toRoundTripMs: number | null;
      toBytesPerSecond: number | null;
    }
  | {
      type: 'source.recovered';
      source: string;
      score: number;
      roundTripMs: number;
      earlierRoundTripMs: number;
      failedShare: number;
      bytesPerSecond: number;
    }
  | {
      type: 'source.small-requests';
      source: string;
      reason: 'size' | 'time';
      afterBytes: number;
      afterMs: number;
      cuts: number;
      requestBytes: number;
    }
  | { type: 'source.refreshed'; source: string; file: string; reason: string }
  | {
      type: 'progress';
      files: readonly FileProgress[];
      sources: readonly SourceProgress[];
      doneBytes: number;
      totalBytes: number | null;
      bytesPerSecond: number;
      etaMs: number | null;
      filesDone: number;
      filesTotal: number;
      /** Only while the bandwidth limit is what holds the transfer back: this process's share of it. */
      limitBytesPerSecond?: number;
    }
  | {
      type: 'limit.changed';
      limitBytesPerSecond: number | null;
      shareBytesPerSecond: number | null;
      processes: number;
      reason: 'begin' | 'timetable' | 'shared';
    }
  /** What the gate made of a revision. `reasons`: those that are not a pass, the worst first, at most 100. */
  | {
      type: 'admission.decided';
      ref: string;
      commit: string;
      verdict: 'admitted' | 'refused';
      policy: string;
      policyDigest: string;
      files: number;
      reasons: readonly AdmissionReason[];
    }
  | { type: 'view.landed'; ref: string; view: string; path: string; methods: Readonly<Record<string, number>> }
  | { type: 'notice'; code: string; message: string }
  | {
      type: 'pull.done';
      ref: string;
      id: string;
      path: string;
      files: number;
      bytes: number;
      fetchedBytes: number;
      /** Taken from other files that were in the store. */
      copiedBytes: number;
      requests: number;
      ms: number;
    }
  | { type: 'pull.failed'; ref: string; code: ErrorCode; exit: number; message: string }
  | { type: 'mirror.evicted'; sha256: string; bytes: number; idleMs: number; names: readonly string[] }
  | {
      type: 'upstream.changed';
      upstream: string;
      state: 'closed' | 'open' | 'half-open';
      reason: string | null;
    }
  | { type: 'server.listening'; url: string }
  | {
      type: 'server.request';
      id: string;
      client: string;
      who: string | null;
      method: string;
      path: string;
      status: number;
      bytes: number;
      ms: number;
      firstMs: number;
      cache: string | null;
      face: string;
      agent: string | null;
      cut: string | null;
    }
  | { type: 'server.reloaded'; reason: string; error: string | null; waiting: readonly string[] }
  | { type: 'server.draining'; requests: number; graceMs: number };

/** One line of a decision of the gate: rule → value → threshold → verdict. */
export interface AdmissionReason {
  readonly rule: string;
  /** The file that it is about; absent for the revision. */
  readonly path?: string;
  /** What was seen. */
  readonly value: string;
  /** What the policy asks. */
  readonly threshold: string;
  readonly verdict: 'pass' | 'warn' | 'refuse' | 'waived';
  /** Who took it upon himself, and until when (Unix milliseconds). */
  readonly waiver?: { readonly owner: string; readonly untilMs: number };
}

/** A file that another place has under the same path, but not as the same content. What it does not tell is null. */
export interface FileDifference {
  readonly file: string;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly theirSizeBytes: number | null;
  readonly theirSha256: string | null;
}

/** Why a place was not asked: its hub does not call the repository public, does not say, or `hubs.also` keeps it to a hub of one's own. */
export type UnaskedReason = 'not-public' | 'unknown' | 'not-a-public-hub';

/** What another place turned out to have of the files that a pull fetches and that a SHA-256 identifies. */
export interface PlaceReport {
  readonly source: string;
  readonly ref: string;
  readonly commit: string | null;
  /** Files that it has, with the same digest and size; or, where it lists no digests, with the same name and size. */
  readonly agree: readonly string[];
  readonly differ: readonly FileDifference[];
  readonly lack: readonly string[];
  /** Why it is not known what it has. */
  readonly failure?: { readonly code: ErrorCode; readonly message: string };
  readonly unasked?: UnaskedReason;
}

/** What a pull would do. `fetchBytes` is null when an origin does not tell a size. */
export interface PlanSummary {
  readonly files: number;
  readonly totalBytes: number | null;
  readonly haveBytes: number;
  readonly resumeBytes: number;
  readonly fetchBytes: number | null;
  readonly requests: number;
  readonly sources: readonly string[];
  /** Other places, and which of the files that are to be fetched they have; only where it was waited for. */
  readonly elsewhere?: readonly PlaceReport[];
  /** Files whose content was refused in this store, and is not shown unless it is admitted now; absent where there are none. */
  readonly refused?: readonly RefusedFile[];
  readonly diskNeedBytes: number;
  readonly diskFreeBytes: number;
  readonly view: string;
  readonly target: string;
}

/** A file whose content the gate refused earlier. */
export interface RefusedFile {
  readonly path: string;
  readonly policy: string;
  readonly rule: string;
}

/** A file in flight. */
export interface FileProgress {
  readonly file: string;
  readonly doneBytes: number;
  readonly totalBytes: number | null;
  readonly bytesPerSecond: number;
}

export interface SourceProgress {
  readonly source: string;
  readonly doneBytes: number;
  readonly bytesPerSecond: number;
  readonly connections: number;
  /** To the first byte of an answer, lately; null before the first one. */
  readonly roundTripMs?: number | null;
  /** Of its last requests. */
  readonly failedShare?: number;
  /** From 0 to 100. */
  readonly score?: number;
}

export type EventSink = (event: SluiceEvent) => void;
