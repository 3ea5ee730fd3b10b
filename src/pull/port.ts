import type { EventSink, PlanSummary, SameRepository, Timetable } from '../base/index.js';
import type { SealKey } from '../proof/index.js';
import type { LinkMethod, ViewKind } from '../store/index.js';

/** Settings that a pull needs, already merged from flags, environment, file and defaults (base/config). */
export interface PullSettings {
  /** Root of the store. */
  readonly home: string;
  /** Hugging Face endpoints, first is asked first; the others are mirrors of the same commits. */
  readonly hfEndpoints: readonly string[];
  readonly hfToken: string | undefined;
  /** Those of `hfEndpoints` that the token may be sent to. */
  readonly hfTokenEndpoints: readonly string[];
  /** Hubs whose endpoints the user named. */
  readonly namedHubs: readonly ('hf' | 'ms')[];
  /** Whether other hubs are asked for the same files. */
  readonly alsoHubs: 'auto' | 'always' | 'off';
  /** Repositories that have another name elsewhere. */
  readonly hubMap: readonly SameRepository[];
  readonly hfXet: 'auto' | 'only' | 'off';
  readonly hfCache: string;
  readonly msEndpoints: readonly string[];
  readonly msToken: string | undefined;
  readonly msCache: string;
  /** ModelScope's cache of clients up to 1.37 (its root differs). */
  readonly msLegacyCache: string;
  readonly ollamaModels: string;
  /** Ways in which views share the store's bytes; undefined leaves it to the view. */
  readonly links: readonly Exclude<LinkMethod, 'kept'>[] | undefined;
  readonly offline: boolean;
  readonly connections: number | 'auto';
  readonly limit: Timetable | undefined;
  /** Most bytes that bodies in flight may hold; undefined leaves it to what the machine has. */
  readonly memoryBytes: number | undefined;
  /** For https:// URLs. */
  readonly proxy: string | undefined;
  /** For http:// URLs. */
  readonly httpProxy: string | undefined;
  readonly noProxy: string | undefined;
  readonly caFiles: readonly string[];
  /** Most bytes that one request asks for; undefined leaves it to the engine. */
  readonly requestBytes?: number | undefined;
  readonly noProgressMs: number;
  /** `default`, `off`, or the path of a policy; `default` unless told. */
  readonly admissionPolicy?: string | undefined;
}

export interface PullRequest {
  /** As typed. */
  readonly ref: string;
  /** Overrides the @revision of the ref. */
  readonly revision?: string;
  /** Exact paths or patterns named after the ref, as `hf download` takes them. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly view?: ViewKind;
  /** Target folder of the view (for `flat`: the folder itself). */
  readonly to?: string;
  /** Further places of the same files: endpoints, repositories of hubs, folders of plain files (`source-option.ts`). */
  readonly sources: readonly string[];
  /** A piece list or piece manifest (`docs/FORMATS.md`), a file or a URL: what it names is proven piece by piece. */
  readonly pieces?: string;
  /** Rules of the scanner that this pull lets pass; `all` of them. */
  readonly allow?: readonly string[];
  /** Public keys, or files of them: manifests that one of them signed are believed, those of servers of ours too. */
  readonly trustKeys?: readonly string[];
  /** Paths of signatures that stand elsewhere than in the repository, for a policy that requires one. */
  readonly signatures?: readonly string[];
  /** What opens sealed files: they are shown opened, beside what came. */
  readonly keys?: readonly SealKey[];
}

export interface PullOutcome {
  /** Names the record that `explain` reads. */
  readonly id: string;
  readonly ref: string;
  readonly commit: string;
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
  readonly fetchedBytes: number;
  /** Taken from other files that are in the store. */
  readonly copiedBytes: number;
  readonly requests: number;
  readonly ms: number;
}

export interface PullContext {
  readonly settings: PullSettings;
  readonly emit: EventSink;
  readonly signal: AbortSignal;
}

export type Pull = (request: PullRequest, context: PullContext) => Promise<PullOutcome>;
export type Plan = (request: PullRequest, context: PullContext) => Promise<PlanSummary>;
