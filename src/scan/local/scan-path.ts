import { stat } from 'node:fs/promises';
import { dirname, relative, sep } from 'node:path';
import { toSluiceError } from '../../base/index.js';
import { NO_INVENTORY } from '../inventory.js';
import { toKept } from '../kept.js';
import { finding } from '../rules.js';
import { RULES_DIGEST } from '../rules-digest.js';
import { scanFile, type FileScan, type ScanOptions } from '../scan-file.js';
import { filesBelow } from './files-below.js';
import { LocalFiles } from './local-files.js';

/** What is inside one file of a folder. */
export interface LocalScan {
  /** From the folder, with `/`; the name of a file that was named itself. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly scan: FileScan;
}

export interface LocalScanOptions extends Pick<ScanOptions, 'areAllChecksumsWanted'> {
  readonly signal: AbortSignal;
}

/** Of one file, the worst. */
const MOST_FINDINGS = 200;
const AT_ONCE = 4;
/** Whoever wants to end it is heard this often. */
const TURN_MS = 20;

/**
 * Looks into a file, or all files of a folder. Files that cannot be read are NOT_SCANNED.
 * @param path absolute
 * Rejects with the signal's reason, with SluiceError USAGE for too many files, and where the disk fails.
 */
export async function scanPath(path: string, options: LocalScanOptions): Promise<readonly LocalScan[]> {
  const { signal } = options;
  const isFolder = (await stat(path)).isDirectory();
  const root = isFolder ? path : dirname(path);
  const paths = isFolder ? await filesBelow(path) : [path];
  const files = new LocalFiles();
  const scans: LocalScan[] = [];
  const entries = paths.entries();
  let turnEndsMs = performance.now() + TURN_MS;
  const work = async (): Promise<void> => {
    for (const [index, each] of entries) {
      // What is read in place and judged at once would let nobody else in.
      if (performance.now() > turnEndsMs) {
        await new Promise((resolve) => setImmediate(resolve));
        turnEndsMs = performance.now() + TURN_MS;
      }
      signal.throwIfAborted();
      scans[index] = await scanOne(files, each, relative(root, each).split(sep).join('/'), options);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return scans;
}

async function scanOne(files: LocalFiles, path: string, name: string, options: LocalScanOptions): Promise<LocalScan> {
  let sizeBytes = 0;
  try {
    sizeBytes = await files.sizeOf(path);
    const { bytes, close } = await files.open(path, sizeBytes);
    try {
      return { path: name, sizeBytes, scan: toKept(await scanFile(bytes, name, options), MOST_FINDINGS) };
    } finally {
      await close();
    }
  } catch (thrown) {
    options.signal.throwIfAborted();
    const { message, exitCode } = toSluiceError(thrown, { path });
    if (exitCode === 1) throw thrown;
    return { path: name, sizeBytes, scan: notRead(name, message) };
  }
}

/** A file of which nothing is known but why. */
export function notRead(name: string, reason: string): FileScan {
  return {
    name,
    formats: [],
    verdict: 'NOT_SCANNED',
    findings: [finding('LIMIT-HIT', reason, [])],
    coverage: { sizeBytes: 0, attributedBytes: 0, unattributed: [] },
    inventory: NO_INVENTORY,
    members: [],
    rulesDigest: RULES_DIGEST,
  };
}
