import type { KeyObject } from 'node:crypto';
import type { Signer } from './bundle.js';
import type { LogEntry } from './logs/log-entry.js';

/** Something that was signed, with what came along to say who did. */
export interface SignedThing {
  /** The bytes under the signature. */
  readonly signedBytes: Buffer;
  /** What a log keeps the SHA-256 of: the payload of an envelope, else the signed bytes. */
  readonly loggedBytes: Buffer;
  readonly signature: Buffer;
  readonly signer: Signer;
  readonly logEntries: readonly LogEntry[];
  readonly timestamps: readonly Buffer[];
  /** Another way to compare than by the key's own algorithm (JWS). */
  readonly isSignedWith?: (key: KeyObject) => boolean;
}
