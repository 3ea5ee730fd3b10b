import { createHash, type KeyObject } from 'node:crypto';
import type { Signer } from './bundle.js';
import type { LogEntry } from './logs/log-entry.js';

/** Something that was signed, with what came along to say who did. */
export interface SignedThing {
  /** Whether the key made the signature over what was signed. */
  readonly isSignedWith: (key: KeyObject) => boolean;
  /** What a log keeps, hexadecimal: the SHA-256 of an envelope's payload, else of the signed bytes. */
  readonly loggedSha256: string;
  readonly signature: Buffer;
  readonly signer: Signer;
  readonly logEntries: readonly LogEntry[];
  /** RFC 3161 tokens over the signature. */
  readonly timestamps: readonly Buffer[];
}

/** Hexadecimal. */
export function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
