import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { SluiceError } from '../base/index.js';
import { canonicalJson } from './canonical-json.js';
import { exactBase64, exactFields } from './exact-fields.js';
import { preAuthEncoding } from './signatures/dsse.js';

/** A key that signs, with the name that envelopes have for it. */
export interface PublicKey {
  readonly keyId: string;
  /** Ed25519. */
  readonly key: KeyObject;
}

const MOST_SIGNATURES = 8;
const SIGNATURE_BYTES = 64;
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** SHA-256 of the key's SubjectPublicKeyInfo in DER, hex. */
export function keyIdOf(key: KeyObject): string {
  return createHash('sha256').update(spkiOf(key)).digest('hex');
}

/** SubjectPublicKeyInfo in DER of a public key, or of the one that belongs to a private key. */
export function spkiOf(key: KeyObject): Buffer {
  return (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'der', type: 'spki' });
}

/** A payload in a DSSE envelope (secure-systems-lab/dsse v1.0.2), signed with Ed25519. */
export function signEnvelope(payloadType: string, payload: Buffer, privateKey: KeyObject): string {
  const signature = sign(null, preAuthEncoding(payloadType, payload), privateKey);
  return canonicalJson({
    payload: payload.toString('base64'),
    payloadType,
    signatures: [{ keyid: keyIdOf(privateKey), sig: signature.toString('base64') }],
  });
}

export interface OpenedEnvelope {
  readonly payload: Buffer;
  /** Whose signature was right: one of the trusted. Undefined where nobody is trusted, and nothing was looked at. */
  readonly keyId: string | undefined;
}

/** Whether a JSON value has the form of an envelope. */
export function isEnvelope(value: unknown): boolean {
  return exactFields(value, ['payload', 'payloadType', 'signatures']) !== undefined;
}

/**
 * The payload of an envelope that one of the trusted keys signed. Without any trusted keys nothing is proven of it.
 * @throws SluiceError BAD_MANIFEST when it is none of this type, BAD_SIGNATURE when a trusted key is named and did not sign this, UNTRUSTED_KEY when none of them is named
 */
export function openEnvelope(
  value: unknown,
  payloadType: string,
  trusted: readonly PublicKey[],
  name: string,
): OpenedEnvelope {
  const envelope = readEnvelope(value);
  if (envelope === undefined)
    throw new SluiceError('BAD_MANIFEST', { host: name, reason: 'no envelope of a signature' });
  const { payload, signatures } = envelope;
  if (envelope.payloadType !== payloadType)
    throw new SluiceError('BAD_MANIFEST', { host: name, reason: `something else was signed: ${envelope.payloadType}` });
  if (trusted.length === 0) return { payload, keyId: undefined };
  const signed = preAuthEncoding(payloadType, payload);
  let isNamed = false;
  for (const { keyId, sig } of signatures) {
    const known = trusted.find((one) => one.keyId === keyId);
    if (known === undefined) continue;
    isNamed = true;
    if (verify(null, signed, known.key, sig)) return { payload, keyId };
  }
  const keyIds = signatures.map(({ keyId }) => keyId.slice(0, 16)).join(', ');
  if (isNamed) throw new SluiceError('BAD_SIGNATURE', { subject: name, reason: `of the key ${keyIds}` });
  throw new SluiceError('UNTRUSTED_KEY', { name, reason: `it is signed by ${keyIds}` });
}

/**
 * Keys to trust: a public key in PEM, `ed25519:<base64 of 32 bytes>`, or what a server tells under `/-/api/v1/keys`.
 * @throws SluiceError USAGE when there is none
 */
export function parsePublicKeys(text: string, name: string): readonly PublicKey[] {
  const keys = readKeys(text.trim()).filter((key) => key?.asymmetricKeyType === 'ed25519');
  if (keys.length === 0) throw new SluiceError('USAGE', { reason: `${name} is no Ed25519 public key.` });
  return keys.flatMap((key) => (key === undefined ? [] : [{ keyId: keyIdOf(key), key }]));
}

function readKeys(text: string): readonly (KeyObject | undefined)[] {
  if (text.startsWith('ed25519:')) {
    const raw = exactBase64(text.slice(8), 32);
    return [raw && publicKey(Buffer.concat([SPKI, raw]))];
  }
  if (text.startsWith('{')) return keysOfDocument(text);
  const blocks = text.match(/-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----/g) ?? [];
  return blocks.map((pem) => publicKey(pem));
}

function keysOfDocument(text: string): readonly (KeyObject | undefined)[] {
  try {
    const { keys } = JSON.parse(text) as { keys?: readonly { publicKey?: unknown }[] };
    return (keys ?? []).map((entry) => {
      const spki = exactBase64(entry.publicKey, 32, 256);
      return spki && publicKey(spki);
    });
  } catch {
    return [];
  }
}

function publicKey(from: string | Buffer): KeyObject | undefined {
  try {
    return typeof from === 'string'
      ? createPublicKey(from)
      : createPublicKey({ key: from, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

interface Envelope {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signatures: readonly { readonly keyId: string; readonly sig: Buffer }[];
}

function readEnvelope(value: unknown): Envelope | undefined {
  const fields = exactFields(value, ['payload', 'payloadType', 'signatures']);
  if (fields === undefined || typeof fields.payloadType !== 'string' || !Array.isArray(fields.signatures))
    return undefined;
  const payload = exactBase64(fields.payload, 0, Infinity);
  if (payload === undefined || fields.signatures.length === 0 || fields.signatures.length > MOST_SIGNATURES)
    return undefined;
  const signatures = fields.signatures.flatMap((entry: unknown) => {
    const signature = exactFields(entry, ['keyid', 'sig']);
    const sig = exactBase64(signature?.sig, SIGNATURE_BYTES);
    const keyId = signature?.keyid;
    return sig === undefined || typeof keyId !== 'string' || !/^[0-9a-f]{64}$/.test(keyId) ? [] : [{ keyId, sig }];
  });
  return signatures.length === fields.signatures.length
    ? { payloadType: fields.payloadType, payload, signatures }
    : undefined;
}
