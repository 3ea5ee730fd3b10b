import type * as admitting from './admission/admit-target.js';
import type * as converting from './convert-file.js';
import type * as proving from './admission/signature-evidence.js';
import type * as imaging from './admission/image-evidence.js';
import type * as scanning from './admission/scan-target.js';
import type * as explaining from './explain.js';
import type * as garbage from './garbage.js';
import type * as lists from './piece-lists.js';
import type * as models from './models.js';
import type * as keys from './verify/keys.js';
import type * as repairing from './verify/repair.js';
import type * as signing from './verify/sign.js';
import type { RevocationAnswers } from '../proof/index.js';
import type * as asking from './verify/responder-answers.js';
import type * as trusting from './verify/trust.js';
import type * as verifying from './verify/verify.js';

export type { AdmissionReport } from './admission/admit-target.js';
export type { ScannedFile, ScanReport } from './admission/scan-target.js';
export type { RecordedDecision } from './decisions.js';
export type { Explanation, SourceShare } from './explain.js';
export type { GarbageItem, GarbageReport } from './garbage.js';
export type { HeldModel, RemovalReport } from './models.js';
export type { Plan, Pull, PullContext, PullOutcome, PullRequest, PullSettings } from './port.js';
export { pinOffline, readManifest, saveManifest, saveRevision } from './manifests.js';
export { Elsewhere } from './elsewhere/elsewhere.js';
export { whyNotAsk } from './elsewhere/may-ask.js';
export { placesFor } from './elsewhere/places.js';
export { hubOrigin, originsFor, type Wires } from './origins.js';
export { plan, pull } from './pull.js';
export type { RecordedFile } from './records.js';
export type { RepairReport } from './verify/repair.js';
export { refusalOf } from './verify/refusal.js';
export { isProofName } from './verify/signature-names.js';
export type { KeyEntry } from './verify/keys.js';
export type { SignReport, SignRequest } from './verify/sign.js';
export type { TrustReport, TrustRequest } from './verify/trust.js';
export type { Finding, VerifyProgress, VerifyReport } from './verify/report.js';

// A pull does not wait until what it does not use is loaded.
export const explain: typeof explaining.explain = async (...args) => (await import('./explain.js')).explain(...args);
export const collectGarbage: typeof garbage.collectGarbage = async (...args) =>
  (await import('./garbage.js')).collectGarbage(...args);
export const heldDigests: typeof garbage.heldDigests = async (...args) =>
  (await import('./garbage.js')).heldDigests(...args);
export const listModels: typeof models.listModels = async (...args) =>
  (await import('./models.js')).listModels(...args);
export const removeModel: typeof models.removeModel = async (...args) =>
  (await import('./models.js')).removeModel(...args);
export const whereIs: typeof models.whereIs = async (...args) => (await import('./models.js')).whereIs(...args);
export const repair: typeof repairing.repair = async (...args) => (await import('./verify/repair.js')).repair(...args);
export const verify: typeof verifying.verify = async (...args) => (await import('./verify/verify.js')).verify(...args);
export const signaturesOf: typeof proving.signaturesOf = async (...args) =>
  (await import('./admission/signature-evidence.js')).signaturesOf(...args);
export const imageSignaturesOf: typeof imaging.imageSignaturesOf = async (...args) =>
  (await import('./admission/image-evidence.js')).imageSignaturesOf(...args);
export const responderAnswers = async (
  ...args: Parameters<typeof asking.responderAnswers>
): Promise<RevocationAnswers> => (await import('./verify/responder-answers.js')).responderAnswers(...args);
export const verifyTrust: typeof trusting.verifyTrust = async (...args) =>
  (await import('./verify/trust.js')).verifyTrust(...args);
export const signTarget: typeof signing.signTarget = async (...args) =>
  (await import('./verify/sign.js')).signTarget(...args);
export const makeKeys: typeof keys.makeKeys = async (...args) => (await import('./verify/keys.js')).makeKeys(...args);
export const listKeys: typeof keys.listKeys = async (...args) => (await import('./verify/keys.js')).listKeys(...args);
export const trustKey: typeof keys.trustKey = async (...args) => (await import('./verify/keys.js')).trustKey(...args);
export const writePieceList: typeof lists.writePieceList = async (...args) =>
  (await import('./piece-lists.js')).writePieceList(...args);
export const convertFile: typeof converting.convertFile = async (...args) =>
  (await import('./convert-file.js')).convertFile(...args);
export const scan: typeof scanning.scan = async (...args) => (await import('./admission/scan-target.js')).scan(...args);
export const admit: typeof admitting.admit = async (...args) =>
  (await import('./admission/admit-target.js')).admit(...args);
export const admitAgain: typeof admitting.admitAgain = async (...args) =>
  (await import('./admission/admit-target.js')).admitAgain(...args);
