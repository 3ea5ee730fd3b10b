import type { ResponseHead } from '../../net/index.js';
import type { TransferTask } from '../port.js';
import { checkVersion, type FileSource } from '../request/file-source.js';
import { isIdentified } from './identified.js';

/** Sees that an answer is of the version that the others were of. @throws SluiceError SOURCE_CHANGED */
export function watchVersion(task: TransferTask, isFirst: boolean, from: FileSource, head: ResponseHead): void {
  // A digest says more than any validator, and edges of one hub may differ in theirs.
  if (isIdentified(task.digests)) return;
  checkVersion(task.path, from, isFirst ? (task.validators ?? {}) : {}, head);
}
