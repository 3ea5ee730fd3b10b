export { measureSources } from './sources/measure-sources.js';
export type { Honesty, SourceReport, SourcesReport } from './sources/report.js';
export { examine } from './examine.js';
export type { ExamineContext } from './port.js';
export type { CauseCode, Evidence, Finding, Report, Severity } from './report.js';
export type { Facts, HostFacts, MachineFacts } from './facts.js';
export type { Fit, Need, Place, VariantFit } from './fit/fit.js';
export type { ModelFacts, VariantFacts } from './fit/model-facts.js';
export { applyRemedy, cleanUp, listRemedies, proposeRemedy, undoRemedy } from './remedies/index.js';
export type {
  Applied,
  Change,
  CleaningReport,
  NoteCode,
  Proposal,
  RemedyContext,
  RemedyName,
  RemedyOptions,
  RemedyRecord,
  Undone,
  UndoStep,
} from './remedies/index.js';
