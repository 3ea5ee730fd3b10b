export { explain, type Explanation, type SourceShare } from './explain.js';
export { collectGarbage, type GarbageItem, type GarbageReport } from './garbage.js';
export { listModels, removeModel, whereIs, type HeldModel, type RemovalReport } from './models.js';
export type { Plan, Pull, PullContext, PullOutcome, PullRequest, PullSettings } from './port.js';
export { plan, pull } from './pull.js';
export type { RecordedFile } from './records.js';
export { repair, type RepairReport } from './verify/repair.js';
export type { Finding, VerifyProgress, VerifyReport } from './verify/report.js';
export { verify } from './verify/verify.js';
