import { Scanner, scanOf, TooFar, type KeptScan } from '../../admission/index.js';
import { toSluiceError } from '../../base/index.js';
import { notRead } from '../../scan/index.js';
import type { PullContext, PullRequest } from '../port.js';
import { withTarget, type Target, type TargetFile } from './inspect-target.js';

/** What is inside one file. */
export interface ScannedFile {
  readonly path: string;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly scan: KeptScan;
}

export interface ScanReport {
  readonly target: string;
  /** `remote`: some of it was asked for by ranges, and is not proven to be what a pull would bring. */
  readonly place: Target['place'];
  readonly files: readonly ScannedFile[];
  readonly ms: number;
}

const AT_ONCE = 4;

/** Told of each file that was looked into. */
export type ScanProgress = (path: string, done: number, total: number) => void;

/** Looks into a file, a folder or a ref. Nothing of it is run, and nothing is pulled. @throws SluiceError */
export async function scan(
  request: PullRequest,
  context: PullContext,
  progress: ScanProgress = () => undefined,
): Promise<ScanReport> {
  const startedMs = Date.now();
  return withTarget(request, context, async (target) => {
    const files = await scanFiles(target, context, progress);
    return { target: target.name, place: target.place, files, ms: Date.now() - startedMs };
  });
}

export async function scanFiles(
  target: Target,
  { signal }: PullContext,
  progress: ScanProgress = () => undefined,
): Promise<readonly ScannedFile[]> {
  const scanner = new Scanner(target.store);
  const scanned: ScannedFile[] = [];
  const entries = target.files.entries();
  let done = 0;
  const work = async (): Promise<void> => {
    for (const [index, file] of entries) {
      const { path, sizeBytes = null, sha256 = null } = file;
      scanned[index] = { path, sizeBytes, sha256, scan: await scanOne(scanner, file, signal) };
      done += 1;
      progress(path, done, target.files.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return scanned;
}

async function scanOne(scanner: Scanner, { path, sha256, open }: TargetFile, signal: AbortSignal): Promise<KeptScan> {
  if (sha256 !== undefined) return scanner.scan(sha256, path, open, signal);
  try {
    const { bytes, close } = await open();
    try {
      return await scanOf(bytes, path, signal);
    } finally {
      await close();
    }
  } catch (thrown) {
    signal.throwIfAborted();
    const { message, exitCode } = toSluiceError(thrown);
    if (!(thrown instanceof TooFar) && exitCode === 1) throw thrown;
    return notRead(path, thrown instanceof TooFar ? thrown.message : message);
  }
}
