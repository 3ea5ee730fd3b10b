import type { EventSink, LoadedSettings } from '../base/index.js';
import type * as doctor from '../doctor/index.js';
import type { ExamineContext, Report, SourcesReport } from '../doctor/index.js';
import type * as proof from '../proof/index.js';
import type * as rooms from '../pull/index.js';
import type { ServeContext, ServeOptions, TokenBook } from '../server/index.js';

export type {
  AdmissionReport,
  ScannedFile,
  ScanReport,
  Explanation,
  RecordedDecision,
  Finding,
  GarbageItem,
  GarbageReport,
  HeldModel,
  RecordedFile,
  RemovalReport,
  RepairReport,
  SourceShare,
  VerifyReport,
  KeyEntry,
  TrustReport,
} from '../pull/index.js';
export type { TokenRecord } from '../server/index.js';

type Rooms = Pick<
  typeof rooms,
  | 'pull'
  | 'plan'
  | 'explain'
  | 'listModels'
  | 'removeModel'
  | 'collectGarbage'
  | 'whereIs'
  | 'verify'
  | 'writePieceList'
  | 'verifyTrust'
  | 'refusalOf'
  | 'signTarget'
  | 'makeKeys'
  | 'listKeys'
  | 'trustKey'
  | 'repair'
  | 'scan'
  | 'convertFile'
  | 'admit'
  | 'admitAgain'
>;

type Remedies = Pick<typeof doctor, 'proposeRemedy' | 'applyRemedy' | 'undoRemedy' | 'listRemedies' | 'cleanUp'>;

type Sealing = Pick<
  typeof proof,
  'sealFile' | 'unsealFile' | 'rewrapFile' | 'readSealKey' | 'readSealTarget' | 'readPassphrase'
>;

/** What the commands need of the rooms below: they return data, the commands render it. */
export interface CliApi extends Rooms, Remedies, Sealing {
  measureSources(ref: string, extra: readonly string[], context: ExamineContext): Promise<SourcesReport>;
  examine(subject: string | undefined, context: ExamineContext): Promise<Report>;
  serve(options: ServeOptions, context: ServeContext): Promise<void>;
  checkServe(context: ServeContext): Promise<void>;
  openTokenBook(home: string): Promise<TokenBook>;
  hashPassword(password: string): Promise<string>;
  demo(options: DemoOptions, context: DemoContext): Promise<DemoReport>;
}

export interface DemoOptions {
  readonly sizeBytes: number | undefined;
}

export interface DemoContext {
  readonly settings: LoadedSettings['settings'];
  readonly emit: EventSink;
  readonly signal: AbortSignal;
  /** A line of the demo's own story, for people. */
  readonly tell: (line: string) => void;
}

export interface DemoReport {
  /** Closing lines: what was shown, and its proof. */
  readonly lines: readonly string[];
}
