import { canonicalJson, parseCanonicalJson, type Json } from '../canonical-json.js';
import { exactBase64, exactFields } from '../exact-fields.js';
import { brokenSeal } from './errors.js';

/** Ciphers of the payload, by the names that the header has for them. */
export const SEAL_CIPHERS = ['AES-256-GCM', 'CHACHA20-POLY1305'] as const;
export type SealCipher = (typeof SEAL_CIPHERS)[number];

/** One way to the file key. Bytes are base64 with padding. */
export type SealRecipient =
  | { readonly alg: 'X25519-HKDF-SHA256'; readonly kid: string; readonly epk: string; readonly wrapped: string }
  | {
      readonly alg: 'scrypt';
      readonly kid: string;
      readonly n: number;
      readonly salt: string;
      readonly wrapped: string;
    }
  | { readonly alg: 'command'; readonly kid: string; readonly wrapped: string };

/** What the file was, and where, when it was sealed; for people and policies. */
export interface SealBinding {
  readonly artifact?: string;
  readonly path?: string;
}

/** What a sealed file says of itself without its recipients: it is what the payload's keys are derived with. */
export interface SealCore {
  readonly v: 1;
  readonly alg: SealCipher;
  /** Bytes of plaintext in a chunk; a power of two. */
  readonly chunk: number;
  /** Bytes of the whole plaintext. */
  readonly size: number;
  readonly plainSha256: string;
  /** 16 random bytes, base64. */
  readonly fileId: string;
  readonly bind?: SealBinding;
}

/** `sluice-seal/1`, as docs/FORMATS.md has it. */
export interface SealHeader extends SealCore {
  readonly recipients: readonly SealRecipient[];
  /** HMAC-SHA-256 over the header without it, base64. */
  readonly mac: string;
}

export const MAGIC = Buffer.from('SLSEAL1\n', 'latin1');
/** Magic, length of the header, offset of the payload. */
export const PREAMBLE_BYTES = 16;
export const MOST_HEADER_BYTES = 2 ** 20;
/** Payloads begin at multiples of it, so that recipients can be added in place. */
export const HEADER_ROOM_BYTES = 4096;
export const MOST_RECIPIENTS = 64;
/** Each costs a second and 256 MiB at most to try. */
const MOST_PASSPHRASES = 4;
export const LEAST_CHUNK_BYTES = 2 ** 12;
export const MOST_CHUNK_BYTES = 2 ** 24;
const MOST_CHUNKS = 2 ** 32;
const LEAST_SCRYPT_N = 2 ** 10;
/** 256 MiB with r = 8. */
const MOST_SCRYPT_N = 2 ** 18;
const MOST_COMMAND_BYTES = 2 ** 16;

/** Canonical bytes of the part that re-wrapping leaves alone. */
export function coreBytes({ v, alg, chunk, size, plainSha256, fileId, bind }: SealCore): Buffer {
  return Buffer.from(
    canonicalJson({ v, alg, chunk, size, plainSha256, fileId, ...(bind ? { bind: { ...bind } } : {}) }),
  );
}

/** Canonical bytes that the header's MAC is over. */
export function macBytes(header: Omit<SealHeader, 'mac'>): Buffer {
  const { v, alg, chunk, size, plainSha256, fileId, bind, recipients } = header;
  const fields = { v, alg, chunk, size, plainSha256, fileId, ...(bind ? { bind: { ...bind } } : {}) };
  return Buffer.from(canonicalJson({ ...fields, recipients: recipients.map((one) => ({ ...one })) }));
}

/** Everything before the payload, zeros included. `roomBytes`: where the payload has to begin; as near as it can otherwise, with room for some recipients more. */
export function formatHeader(header: SealHeader, roomBytes?: number): Buffer | undefined {
  const json = Buffer.from(canonicalJson(header as unknown as Json));
  const needed = PREAMBLE_BYTES + json.length;
  const payloadAt = roomBytes ?? Math.ceil((needed + HEADER_ROOM_BYTES / 2) / HEADER_ROOM_BYTES) * HEADER_ROOM_BYTES;
  if (needed > payloadAt || json.length > MOST_HEADER_BYTES) return undefined;
  const bytes = Buffer.alloc(payloadAt);
  MAGIC.copy(bytes);
  bytes.writeUInt32BE(json.length, 8);
  bytes.writeUInt32BE(payloadAt, 12);
  json.copy(bytes, PREAMBLE_BYTES);
  return bytes;
}

/** Lengths from the first 16 bytes. @throws SluiceError BROKEN_SEAL */
export function parsePreamble(
  bytes: Buffer,
  name: string,
): { readonly headerBytes: number; readonly payloadAt: number } {
  if (!isSealed(bytes) || bytes.length < PREAMBLE_BYTES) throw brokenSeal(name, 'it does not begin as a sealed file');
  const headerBytes = bytes.readUInt32BE(8);
  const payloadAt = bytes.readUInt32BE(12);
  const most = PREAMBLE_BYTES + MOST_HEADER_BYTES + HEADER_ROOM_BYTES * 2;
  const isSound =
    headerBytes <= MOST_HEADER_BYTES &&
    payloadAt <= most &&
    payloadAt % HEADER_ROOM_BYTES === 0 &&
    payloadAt >= PREAMBLE_BYTES + headerBytes;
  if (!isSound) throw brokenSeal(name, 'its header has no possible length');
  return { headerBytes, payloadAt };
}

/** Whether a file that begins like this says that it is sealed. */
export function isSealed(start: Buffer): boolean {
  return start.subarray(0, MAGIC.length).equals(MAGIC);
}

/** The header of a file's first `payloadAt` bytes. Nothing of it is authentic before its MAC was checked. @throws SluiceError BROKEN_SEAL */
export function parseHeader(bytes: Buffer, name: string): SealHeader {
  const { headerBytes, payloadAt } = parsePreamble(bytes, name);
  if (bytes.length < payloadAt) throw brokenSeal(name, 'it ends within its header');
  const end = PREAMBLE_BYTES + headerBytes;
  if (bytes.subarray(end, payloadAt).some((byte) => byte !== 0))
    throw brokenSeal(name, 'something stands behind its header');
  const header = readHeader(parseCanonicalJson(bytes.toString('utf8', PREAMBLE_BYTES, end)));
  if (header === undefined) throw brokenSeal(name, 'its header makes no sense');
  return header;
}

function readHeader(value: unknown): SealHeader | undefined {
  const required = ['v', 'alg', 'chunk', 'size', 'plainSha256', 'fileId', 'recipients', 'mac'];
  const fields = exactFields(value, required, ['bind']);
  if (fields?.v !== 1) return undefined;
  const { chunk, size, plainSha256, fileId, mac } = fields;
  const alg = SEAL_CIPHERS.find((known) => known === fields.alg);
  const bind = fields.bind === undefined ? {} : readBinding(fields.bind);
  const recipients = readRecipients(fields.recipients);
  if (alg === undefined || bind === undefined || recipients === undefined) return undefined;
  if (!isCount(chunk) || !Number.isInteger(Math.log2(chunk))) return undefined;
  if (chunk < LEAST_CHUNK_BYTES || chunk > MOST_CHUNK_BYTES) return undefined;
  if (!isCount(size) || size / chunk > MOST_CHUNKS) return undefined;
  if (typeof plainSha256 !== 'string' || !/^[0-9a-f]{64}$/.test(plainSha256)) return undefined;
  if (typeof fileId !== 'string' || exactBase64(fileId, 16) === undefined) return undefined;
  if (typeof mac !== 'string' || exactBase64(mac, 32) === undefined) return undefined;
  return {
    v: 1,
    alg,
    chunk,
    size,
    plainSha256,
    fileId,
    ...(fields.bind === undefined ? {} : { bind }),
    recipients,
    mac,
  };
}

function readBinding(value: unknown): SealBinding | undefined {
  const fields = exactFields(value, [], ['artifact', 'path']);
  if (fields === undefined) return undefined;
  const isText = (field: unknown): boolean => typeof field === 'string' && field.length <= 4096;
  return Object.values(fields).every(isText) ? fields : undefined;
}

function readRecipients(value: unknown): readonly SealRecipient[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_RECIPIENTS) return undefined;
  const recipients = value.map(readRecipient).filter((one) => one !== undefined);
  if (recipients.filter(({ alg }) => alg === 'scrypt').length > MOST_PASSPHRASES) return undefined;
  return recipients.length === value.length ? recipients : undefined;
}

function readRecipient(value: unknown): SealRecipient | undefined {
  const fields = exactFields(value, ['alg', 'kid', 'wrapped'], ['epk', 'n', 'salt']);
  if (fields === undefined) return undefined;
  const { alg, kid, wrapped, epk, n, salt } = fields;
  if (typeof kid !== 'string' || !/^[ -~]{1,256}$/.test(kid) || typeof wrapped !== 'string') return undefined;
  const has = (...names: readonly string[]): boolean =>
    exactFields(value, ['alg', 'kid', 'wrapped', ...names]) !== undefined;
  switch (alg) {
    case 'X25519-HKDF-SHA256':
      if (!has('epk') || typeof epk !== 'string' || exactBase64(epk, 32) === undefined) return undefined;
      return exactBase64(wrapped, 48) === undefined ? undefined : { alg, kid, epk, wrapped };
    case 'scrypt':
      if (!has('n', 'salt') || !isCount(n) || !Number.isInteger(Math.log2(n))) return undefined;
      if (n < LEAST_SCRYPT_N || n > MOST_SCRYPT_N) return undefined;
      if (typeof salt !== 'string' || exactBase64(salt, 16) === undefined) return undefined;
      return exactBase64(wrapped, 48) === undefined ? undefined : { alg, kid, n, salt, wrapped };
    case 'command':
      if (!has() || exactBase64(wrapped, 1, MOST_COMMAND_BYTES) === undefined) return undefined;
      return { alg, kid, wrapped };
    default:
      return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
