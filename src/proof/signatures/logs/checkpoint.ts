import type { KeyObject } from 'node:crypto';
import { broken } from '../../signature-fault.js';
import { fromBase64 } from '../base64.js';
import { isSignatureOf } from '../keys.js';

/** A log's signed note of its size and root (c2sp.org/tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: bigint;
  readonly root: Buffer;
  /** The text that the signatures are over. */
  readonly signedText: Buffer;
  readonly signatures: readonly { readonly name: string; readonly keyHint: Buffer; readonly signature: Buffer }[];
}

const MOST_BYTES = 64 * 1024;

/** @throws SignatureFault proof */
export function parseCheckpoint(text: string): Checkpoint {
  if (text.length > MOST_BYTES) throw broken('a checkpoint that is too long');
  const split = text.indexOf('\n\n');
  if (split < 0 || !text.endsWith('\n')) throw broken('a checkpoint without signatures');
  const [origin = '', size = '', root = ''] = text.slice(0, split).split('\n');
  if (origin === '' || !/^(?:0|[1-9]\d{0,18})$/.test(size)) throw broken('a checkpoint without a size');
  const lines = text.slice(split + 2, -1).split('\n');
  const signatures = lines.map((line) => {
    const match = /^\u2014 (\S+) (\S+)$/.exec(line);
    const bytes = fromBase64(match?.[2] ?? '');
    if (match === null || bytes.length < 5) throw broken('a checkpoint with a line that is no signature');
    return { name: match[1] ?? '', keyHint: bytes.subarray(0, 4), signature: bytes.subarray(4) };
  });
  const rootBytes = fromBase64(root);
  if (rootBytes.length !== 32) throw broken('a checkpoint without a root');
  return { origin, size: BigInt(size), root: rootBytes, signedText: Buffer.from(text.slice(0, split + 1)), signatures };
}

/** Whether the log of this key signed the checkpoint. */
export function isCheckpointOf({ signatures, signedText }: Checkpoint, key: KeyObject): boolean {
  return signatures.some(({ signature }) => isSignatureOf(signedText, signature, key));
}
