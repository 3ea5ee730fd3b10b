import { broken } from '../signature-fault.js';

/** One value of DER (X.690): its identifier octet, what is in it, and all its bytes. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  readonly raw: Buffer;
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The one value that these bytes are. @throws SignatureFault proof */
export function readDer(bytes: Buffer): DerValue {
  const [value, ...more] = readAll(bytes);
  if (value === undefined || more.length > 0) throw broken('DER: not one value');
  return value;
}

/** The values inside a constructed one. @throws SignatureFault proof */
export function childrenOf(value: DerValue, tag: number = TAG.sequence): readonly DerValue[] {
  return readAll(expectTag(value, tag).content);
}

/** Values one after the other. */
export function readAll(bytes: Buffer): readonly DerValue[] {
  const found: DerValue[] = [];
  for (let at = 0; at < bytes.length;) {
    const value = readAt(bytes, at);
    found.push(value);
    at += value.raw.length;
  }
  return found;
}

function readAt(bytes: Buffer, start: number): DerValue {
  const tag = bytes[start] ?? 0;
  if ((tag & 0x1f) === 0x1f) throw broken('DER: a long tag');
  let length = bytes[start + 1];
  let at = start + 2;
  if (length === undefined) throw broken('DER: cut off');
  if (length > 0x7f) {
    const octets = length & 0x7f;
    if (octets === 0 || octets > 4 || at + octets > bytes.length) throw broken('DER: a length without bounds');
    length = bytes.readUIntBE(at, octets);
    if (length < 0x80 || length < 2 ** (8 * (octets - 1))) throw broken('DER: a length written the long way');
    at += octets;
  }
  if (at + length > bytes.length) throw broken('DER: cut off');
  return { tag, content: bytes.subarray(at, at + length), raw: bytes.subarray(start, at + length) };
}

export function expectTag(value: DerValue | undefined, tag: number): DerValue {
  if (value?.tag !== tag) throw broken(`DER: tag ${value?.tag ?? 'missing'} instead of ${tag}`);
  return value;
}

/** An OBJECT IDENTIFIER in dotted form. */
export function objectIdOf(value: DerValue | undefined): string {
  const { content } = expectTag(value, TAG.objectId);
  const arcs: bigint[] = [];
  let arc = 0n;
  let isFresh = true;
  for (const octet of content) {
    if (isFresh && octet === 0x80) throw broken('DER: an object identifier with padding');
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    isFresh = octet < 0x80;
    if (!isFresh) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [first, ...rest] = arcs;
  if (first === undefined || !isFresh || content.length > 64) throw broken('DER: not an object identifier');
  const root = first < 40n ? 0n : first < 80n ? 1n : 2n;
  return [root, first - root * 40n, ...rest].join('.');
}

/** The octets of an INTEGER, big-endian, in the shortest form. */
export function integerOf(value: DerValue | undefined): Buffer {
  const { content } = expectTag(value, TAG.integer);
  const [first, second = 0] = content;
  if (first === undefined) throw broken('DER: an empty integer');
  if (content.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
    throw broken('DER: an integer with padding');
  return content;
}

/** A small INTEGER that is not negative. */
export function smallIntegerOf(value: DerValue | undefined): number {
  const octets = integerOf(value);
  if (octets.length > 5 || (octets[0] ?? 0) > 0x7f) throw broken('DER: an integer out of bounds');
  return octets.readUIntBE(0, octets.length);
}

export function booleanOf(value: DerValue): boolean {
  const { content } = expectTag(value, TAG.boolean);
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw broken('DER: not a boolean');
  return content[0] === 0xff;
}

/** The octets of a BIT STRING, and how many bits of the last are unused; those are 0. */
export function bitsOf(value: DerValue | undefined): { readonly octets: Buffer; readonly unused: number } {
  const { content } = expectTag(value, TAG.bitString);
  const unused = content[0] ?? 8;
  const octets = content.subarray(1);
  if (unused > 7 || (octets.length === 0 && unused > 0)) throw broken('DER: not a bit string');
  if (((octets.at(-1) ?? 0) & ((1 << unused) - 1)) !== 0) throw broken('DER: a bit string with unused bits set');
  return { octets, unused };
}

/** A BIT STRING of whole octets. */
export function octetsOfBits(value: DerValue | undefined): Buffer {
  const { octets, unused } = bitsOf(value);
  if (unused !== 0) throw broken('DER: a bit string that ends within an octet');
  return octets;
}

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d*[1-9])?Z$/;

/** Milliseconds since 1970 of a UTCTime or GeneralizedTime (RFC 5280, 4.1.2.5; fractions as RFC 3161 has them). */
export function timeOf(value: DerValue | undefined): number {
  const text = value?.content.toString('latin1') ?? '';
  const match = (value?.tag === TAG.utcTime ? UTC_TIME : GENERALIZED_TIME).exec(text);
  if (value === undefined || match === null || (value.tag !== TAG.utcTime && value.tag !== TAG.generalizedTime))
    throw broken('DER: not a time');
  const [, years = '', ...rest] = match;
  const year = years.length === 4 ? Number(years) : Number(years) + (Number(years) < 50 ? 2000 : 1900);
  const [month = '', day = '', hour = '', minute = '', second = '', fraction = ''] = rest;
  const written = `${String(year).padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}`;
  const ms = Date.parse(`${written}.000Z`);
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(written)) throw broken('DER: a time that never was');
  return ms + Math.floor(Number(fraction === '' ? '0' : `0${fraction}`) * 1000);
}

/** Takes the values of a sequence one by one, the optional ones by their tag. */
export class DerCursor {
  #at = 0;

  constructor(private readonly values: readonly DerValue[]) {}

  next(tag: number): DerValue {
    const value = expectTag(this.values[this.#at], tag);
    this.#at += 1;
    return value;
  }

  any(): DerValue {
    const value = this.values[this.#at];
    if (value === undefined) throw broken('DER: cut off');
    this.#at += 1;
    return value;
  }

  optional(...tags: readonly number[]): DerValue | undefined {
    const value = this.values[this.#at];
    if (value === undefined || !tags.includes(value.tag)) return undefined;
    this.#at += 1;
    return value;
  }

  end(): void {
    if (this.#at < this.values.length) throw broken('DER: something after the end');
  }
}
