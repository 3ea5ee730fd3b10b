import { inflateSync, constants } from 'node:zlib';
import type { ByteSource, FormatScan, ScanContext, Verdict } from '../port.js';
import { finding } from '../rules.js';
import { sliceOf, sourceOfBuffer } from '../sources.js';
import { isPickle } from './known.js';
import { LIMITS } from './limits.js';
import { beginsLikeArchive, beginsLikeZlib } from './payload.js';
import type { PicklePayload } from './port.js';

const HEAD_BYTES = 64 * 1024;

/** What was found in a value of a pickle. */
export type NestedScan = Pick<FormatScan, 'verdict' | 'findings' | 'inventory'>;

const NOTHING = { imports: [], calls: [], templates: [], hooks: [] };

/** Reads those payloads that really are files. What they do, they do when something loads them; that something is judged by itself. */
export async function scanPayloads(
  payloads: readonly PicklePayload[],
  bytes: ByteSource,
  context: ScanContext,
): Promise<readonly NestedScan[]> {
  const scans: NestedScan[] = [];
  for (const payload of payloads) {
    const { offsetBytes, lengthBytes } = payload;
    if (payload.coding !== 'raw' && lengthBytes > LIMITS.decodedBytes) {
      scans.push(unread(`a value of ${lengthBytes} bytes of ${payload.coding}`, context, offsetBytes));
      continue;
    }
    const inner = await decoded(payload, bytes);
    const file = await fileIn(inner);
    if (file === 'too-large') scans.push(unread('a packed value that grows too large', context, offsetBytes));
    else if (file !== undefined) scans.push(await context.scanInside(file, `value@${offsetBytes}`));
  }
  return scans;
}

function unread(evidence: string, { members }: ScanContext, offsetBytes: number): NestedScan {
  const verdict: Verdict = 'NOT_SCANNED';
  return { verdict, findings: [finding('LIMIT-HIT', evidence, members, offsetBytes)], inventory: NOTHING };
}

async function decoded(payload: PicklePayload, bytes: ByteSource): Promise<ByteSource> {
  const { offsetBytes, lengthBytes, coding, text } = payload;
  if (coding === 'raw' && text === undefined) return sliceOf(bytes, offsetBytes, lengthBytes);
  const value = text ?? (await bytes.read(offsetBytes, lengthBytes)).toString('latin1');
  return sourceOfBuffer(Buffer.from(value, coding === 'raw' ? 'latin1' : coding));
}

/** The bytes that a loader would be given; undefined where they are no file. */
async function fileIn(inner: ByteSource): Promise<ByteSource | 'too-large' | undefined> {
  const head = await inner.read(0, Math.min(HEAD_BYTES, inner.sizeBytes));
  if (beginsLikeArchive(head) || isPickle(head, inner.sizeBytes)) return inner;
  if (!beginsLikeZlib(head)) return undefined;
  const start = inflated(head);
  if (start === undefined || !(beginsLikeArchive(start) || isPickle(start, start.length))) return undefined;
  if (inner.sizeBytes > LIMITS.decodedBytes) return 'too-large';
  const whole = inflated(await inner.read(0, inner.sizeBytes));
  return whole === undefined ? 'too-large' : sourceOfBuffer(whole);
}

/** As far as it goes; undefined where it is no zlib stream, or a very large one. */
function inflated(packed: Buffer): Buffer | undefined {
  try {
    return inflateSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 4 * LIMITS.decodedBytes });
  } catch {
    return undefined;
  }
}
