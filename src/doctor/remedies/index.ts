export { cleanUp, type CleaningReport } from './clean/clean-up.js';
export type { Leftover } from './clean/find-leftovers.js';
export type { Applied } from './journal/apply.js';
export type { RemedyRecord } from './journal/record.js';
export type { UndoStep } from './journal/undo.js';
export {
  REMEDIES,
  type Change,
  type NoteCode,
  type Proposal,
  type RemedyContext,
  type RemedyName,
  type RemedyOptions,
} from './port.js';
export { applyRemedy, listRemedies, proposeRemedy, undoRemedy, type Undone } from './remedies.js';
