import { NO_INVENTORY } from '../inventory.js';
import type { ByteSource, Finding, FormatScan, Verdict } from '../port.js';
import { finding } from '../rules.js';
import type { Antivirus } from '../scan-file.js';
import { askClamd, type ClamdAddress } from './ask-clamd.js';

export interface ClamavOptions {
  readonly address: ClamdAddress;
  /** The least of clamd's StreamMaxLength, MaxFileSize and MaxScanSize, in bytes: beyond MaxFileSize it answers OK without having looked. 25 MiB, its oldest default, when nothing is said. */
  readonly limitBytes?: number;
  /** What files beyond that are: `NOT_SCANNED`, or only told of where ClamAV is meant for small files. */
  readonly beyondLimit?: 'NOT_SCANNED' | 'CLEAN';
  /** How old its signatures may be; a database without a date is too old. Any age when nothing is said. */
  readonly databaseMaxAgeMs?: number;
  /** How long clamd may be silent. Two minutes when nothing is said. */
  readonly idleMs?: number;
  readonly now?: () => number;
}

const DEFAULT_LIMIT_BYTES = 25 * 1024 * 1024;
/** libclamav's own. */
const HARD_LIMIT_BYTES = 2 ** 31 - 1;
const BLOCK_BYTES = 256 * 1024;
const DEFAULT_IDLE_MS = 120_000;

/** ClamAV by its daemon. It never says CLEAN for what it did not see: out of reach, too large, an old database, any answer but OK and FOUND is NOT_SCANNED. */
export function clamav(options: ClamavOptions): Antivirus {
  return { scan: (bytes, signal) => scan(bytes, options, signal) };
}

async function scan(bytes: ByteSource, options: ClamavOptions, signal: AbortSignal | undefined): Promise<FormatScan> {
  const { address, beyondLimit = 'NOT_SCANNED', idleMs = DEFAULT_IDLE_MS } = options;
  const limitBytes = Math.min(options.limitBytes ?? DEFAULT_LIMIT_BYTES, HARD_LIMIT_BYTES);
  const asking = { idleMs, ...(signal && { signal }) };
  const unasked = (why: string, verdict: Verdict = 'NOT_SCANNED'): FormatScan =>
    said(verdict, [finding('AV-UNASKED', why, [])]);
  if (bytes.sizeBytes > limitBytes) return unasked(`${bytes.sizeBytes} bytes, more than ${limitBytes}`, beyondLimit);
  let readFault: { reason: unknown } | undefined;
  const body = async function* (): AsyncGenerator<Buffer> {
    try {
      yield* framed(bytes);
    } catch (reason) {
      readFault = { reason };
      throw reason;
    }
  };
  try {
    const version = await askClamd(address, 'VERSION', asking);
    const tooOld = whyTooOld(version, options);
    if (tooOld !== undefined) return unasked(tooOld);
    const answer = await askClamd(address, 'INSTREAM', { ...asking, body: body() });
    const [, signature] = /^stream: (.+) FOUND$/.exec(answer) ?? [];
    if (signature !== undefined) return said('FINDINGS', [finding('AV-SIG', `${signature} (${version})`, [])]);
    return answer === 'stream: OK' ? said('CLEAN', []) : unasked(answer);
  } catch (thrown) {
    signal?.throwIfAborted();
    if (readFault !== undefined) throw readFault.reason;
    return unasked(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function said(verdict: Verdict, findings: readonly Finding[]): FormatScan {
  return { format: 'clamav', verdict, findings, attributions: [], inventory: NO_INVENTORY };
}

/** `ClamAV 1.4.2/27500/Fri Nov 20 09:00:00 2026`: its version, its database's, and the date of that. */
function whyTooOld(version: string, { databaseMaxAgeMs, now = Date.now }: ClamavOptions): string | undefined {
  if (databaseMaxAgeMs === undefined) return undefined;
  const [, , date = ''] = version.split('/');
  const madeMs = Date.parse(`${date} UTC`);
  if (Number.isNaN(madeMs)) return `a database without a date (${version})`;
  return now() - madeMs > databaseMaxAgeMs ? `a database of ${date}` : undefined;
}

/** INSTREAM: blocks with their length in front, and one of no length at the end. */
async function* framed(bytes: ByteSource): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.sizeBytes; at += BLOCK_BYTES) {
    const block = await bytes.read(at, Math.min(BLOCK_BYTES, bytes.sizeBytes - at));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    yield Buffer.concat([length, block]);
  }
  yield Buffer.alloc(4);
}
