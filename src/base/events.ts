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
  | { type: 'file.landed'; file: string; sha256: string }
  | { type: 'file.failed'; file: string; code: ErrorCode; message: string }
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
  | { type: 'piece.wrong'; file: string; index: number; source: string; message: string }
  | { type: 'source.banned'; source: string; code: ErrorCode; message: string }
  | { type: 'source.waiting'; source: string; waitMs: number; reason: string }
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
      requests: number;
      ms: number;
    }
  | { type: 'pull.failed'; ref: string; code: ErrorCode; exit: number; message: string };

/** What a pull would do. `fetchBytes` is null when an origin does not tell a size. */
export interface PlanSummary {
  readonly files: number;
  readonly totalBytes: number | null;
  readonly haveBytes: number;
  readonly resumeBytes: number;
  readonly fetchBytes: number | null;
  readonly requests: number;
  readonly sources: readonly string[];
  readonly diskNeedBytes: number;
  readonly diskFreeBytes: number;
  readonly view: string;
  readonly target: string;
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
}

export type EventSink = (event: SluiceEvent) => void;
