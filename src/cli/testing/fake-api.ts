import { SluiceError, type PlanSummary } from '../../base/index.js';
import type { PullOutcome } from '../../pull/index.js';
import type { CliApi } from '../api.js';

export const PLAN: PlanSummary = {
  files: 2,
  totalBytes: 3000,
  haveBytes: 0,
  resumeBytes: 0,
  fetchBytes: 3000,
  requests: 4,
  sources: ['hub.example'],
  diskNeedBytes: 3000,
  diskFreeBytes: 1e9,
  view: 'hf',
  target: '/cache',
};

export function outcomeOf(ref: string): PullOutcome {
  const counts = { files: 2, bytes: 3000, fetchedBytes: 3000, copiedBytes: 0, requests: 4, ms: 1500 };
  return { id: 'id-1', ref, commit: 'c'.repeat(40), path: `/cache/${ref}`, ...counts };
}

/** An api that does what the test says and refuses everything else. */
export function fakeApi(parts: Partial<CliApi> = {}): () => Promise<CliApi> {
  const refuse = async (): Promise<never> => {
    throw new SluiceError('INTERNAL', { reason: 'not part of this test' });
  };
  const none: CliApi = {
    pull: refuse,
    plan: refuse,
    explain: refuse,
    listModels: refuse,
    removeModel: refuse,
    collectGarbage: refuse,
    whereIs: refuse,
    verify: refuse,
    writePieceList: refuse,
    verifyTrust: refuse,
    refusalOf: () => undefined,
    signTarget: refuse,
    makeKeys: refuse,
    listKeys: refuse,
    trustKey: refuse,
    repair: refuse,
    scan: refuse,
    convertFile: refuse,
    admit: refuse,
    admitAgain: refuse,
    examine: refuse,
    measureSources: refuse,
    proposeRemedy: refuse,
    applyRemedy: refuse,
    undoRemedy: refuse,
    listRemedies: refuse,
    cleanUp: refuse,
    serve: refuse,
    checkServe: refuse,
    openTokenBook: refuse,
    hashPassword: refuse,
    sealFile: refuse,
    unsealFile: refuse,
    rewrapFile: refuse,
    readSealKey: refuse,
    readSealTarget: refuse,
    readPassphrase: refuse,
    demo: refuse,
  };
  return async () => ({ ...none, ...parts });
}
