import type * as ScanRoom from '../../scan/index.js';
import type { ByteSource, Opened } from '../../scan/index.js';
import type { Store } from '../../store/index.js';
import type { KeptScan } from '../port.js';
import { KeptScans, MOST_KEPT_FINDINGS } from './kept-scans.js';

/** Scans that read more than this are kept in the store; others are made again sooner than a document is read. */
const DEAR_BYTES = 1024 * 1024;

/** Scans each content once for all who ask, and remembers what was found. */
export class Scanner {
  readonly #kept: KeptScans;
  readonly #scanning = new Map<string, Promise<KeptScan>>();

  constructor(store: Store) {
    this.#kept = new KeptScans(store);
  }

  /**
   * What was found of this content when it was scanned, under the rules of today. Undefined when it is to be read: it never was, or what it named passes
   * only by rules that are newer.
   */
  async known(sha256: string, path: string, sizeBytes?: number): Promise<KeptScan | undefined> {
    const kept = await this.#kept.get(sha256, path, sizeBytes === undefined || sizeBytes > DEAR_BYTES);
    if (kept === undefined) return undefined;
    const { RULES_DIGEST } = await scanRoom();
    return kept.rulesDigest === RULES_DIGEST ? kept : undefined;
  }

  /** `sizeBytes`: where it is known. @throws what kept the bytes from being read */
  async scan(
    sha256: string,
    path: string,
    open: () => Promise<Opened>,
    signal: AbortSignal,
    sizeBytes?: number,
  ): Promise<KeptScan> {
    const known = await this.known(sha256, path, sizeBytes);
    if (known !== undefined) return known;
    const key = `${sha256} ${path}`;
    const underway = this.#scanning.get(key) ?? this.#read(sha256, path, open, signal);
    this.#scanning.set(key, underway);
    const over = (): boolean => this.#scanning.delete(key);
    underway.then(over, over);
    return underway;
  }

  async #read(sha256: string, path: string, open: () => Promise<Opened>, signal: AbortSignal): Promise<KeptScan> {
    const { bytes, close } = await open();
    const counting = new CountingSource(bytes);
    try {
      const scan = await scanOf(counting, path, signal);
      const isDear = bytes.sizeBytes > DEAR_BYTES && counting.readBytes > DEAR_BYTES;
      // A full disk costs another reading one day, not the verdict.
      await this.#kept.keep(sha256, path, scan, isDear).catch(() => undefined);
      return scan;
    } finally {
      await close();
    }
  }
}

let room: Promise<typeof ScanRoom> | undefined;

/** Looked up once: for thousands of small files that counts. */
function scanRoom(): Promise<typeof ScanRoom> {
  return (room ??= import('../../scan/index.js'));
}

/** One scan, that nobody remembers. */
export async function scanOf(bytes: ByteSource, path: string, signal: AbortSignal): Promise<KeptScan> {
  // Whoever has nothing to scan does not wait until its readers are loaded.
  const { scanFile, toKept } = await scanRoom();
  return toKept(await scanFile(bytes, path, { signal }), MOST_KEPT_FINDINGS);
}

class CountingSource implements ByteSource {
  readBytes = 0;

  constructor(private readonly bytes: ByteSource) {}

  get sizeBytes(): number {
    return this.bytes.sizeBytes;
  }

  read(offset: number, length: number): Promise<Buffer> {
    this.readBytes += length;
    return this.bytes.read(offset, length);
  }
}
