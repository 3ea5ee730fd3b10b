import { createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { parseCertificate, type Certificate } from '../certificates/certificate.js';

/** DER as tests write it: no code is shared with the reader. */
export const der = (tag: number, ...content: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(content);
  const octets: number[] = [];
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Buffer.concat([
    Buffer.from(body.length < 128 ? [tag, body.length] : [tag, 128 + octets.length, ...octets]),
    body,
  ]);
};
export const seq = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content);
export const set = (...content: readonly Uint8Array[]): Buffer => der(0x31, ...content);
export const octets = (content: Uint8Array): Buffer => der(0x04, content);
export const text = (tag: number, content: string): Buffer => der(tag, Buffer.from(content));
export const bits = (content: Uint8Array, unused = 0): Buffer => der(0x03, Buffer.of(unused), content);
export const integer = (value: number): Buffer => {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
  return der(0x02, bytes[0]! > 0x7f ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
};
export const oid = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const base128 = (value: number): number[] => {
    const out = [value % 128];
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) out.unshift((left % 128) | 128);
    return out;
  };
  return der(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
};
export const time = (ms: number): Buffer => {
  const iso = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return text(0x18, iso);
};
export const truth = Buffer.from([1, 1, 0xff]);

export const extension = (id: string, value: Uint8Array, isCritical = false): Buffer =>
  seq(oid(id), ...(isCritical ? [truth] : []), octets(value));

const name = (common: string, organization = 'acme'): Buffer =>
  seq(set(seq(oid('2.5.4.10'), text(0x0c, organization))), set(seq(oid('2.5.4.3'), text(0x0c, common))));

export type Curve = 'P-256' | 'P-384' | 'P-521';
const EC_HASHES: ReadonlyMap<string, readonly [string, number]> = new Map([
  ['prime256v1', ['sha256', 2]],
  ['secp384r1', ['sha384', 3]],
  ['secp521r1', ['sha512', 4]],
]);

export const newKey = (curve: Curve = 'P-256'): KeyObject =>
  generateKeyPairSync('ec', { namedCurve: curve }).privateKey;

export const NOW_MS = Date.UTC(2026, 5, 1);
export const DAY_MS = 86_400_000;

export interface Issued {
  readonly key: KeyObject;
  readonly certificate: Certificate;
  readonly name: Buffer;
}

export interface IssueOptions {
  readonly key?: KeyObject;
  readonly issuer?: Issued;
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
  readonly serial?: number;
  /** undefined leaves the extension out. */
  readonly ca?: boolean | undefined;
  readonly pathLength?: number;
  /** Bits of the key usage, first bit first, as a byte. */
  readonly usage?: number | undefined;
  readonly purposes?: readonly string[];
  readonly emails?: readonly string[];
  readonly uris?: readonly string[];
  readonly more?: readonly Buffer[];
  readonly version?: 1 | 3;
  /** Signs instead of the issuer's key. */
  readonly forger?: KeyObject;
  readonly purposesAreCritical?: boolean;
  readonly usageIsCritical?: boolean;
}

const algorithmOf = (key: KeyObject): { readonly der: Buffer; readonly hash: string | null } => {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve === undefined) return { der: seq(oid('1.2.840.113549.1.1.11'), Buffer.from([5, 0])), hash: 'sha256' };
  const [hash, arc] = EC_HASHES.get(curve) ?? (['sha256', 2] as const);
  return { der: seq(oid(`1.2.840.10045.4.3.${arc}`)), hash };
};

const publicDer = (key: KeyObject): Buffer => createPublicKey(key).export({ format: 'der', type: 'spki' });

let serials = 1;

/** A certificate with everything right but for what the options say. */
export function issue(common: string, options: IssueOptions = {}): Issued {
  const key = options.key ?? newKey();
  const subject = name(common);
  const signer = options.forger ?? options.issuer?.key ?? key;
  const algorithm = algorithmOf(signer);
  const { ca, usage = ca === true ? 0b00000110 : 0b10000000 } = options;
  const alternative = [
    ...(options.emails ?? []).map((one) => text(0x81, one)),
    ...(options.uris ?? []).map((one) => text(0x86, one)),
  ];
  const extensions = [
    ...(ca === undefined
      ? []
      : [
          extension(
            '2.5.29.19',
            seq(...(ca ? [truth] : []), ...(options.pathLength === undefined ? [] : [integer(options.pathLength)])),
            true,
          ),
        ]),
    ...('usage' in options && options.usage === undefined
      ? []
      : [extension('2.5.29.15', bits(Buffer.of(usage), trailingZeros(usage)), options.usageIsCritical ?? true)]),
    ...(options.purposes === undefined
      ? []
      : [extension('2.5.29.37', seq(...options.purposes.map(oid)), options.purposesAreCritical ?? false)]),
    ...(alternative.length === 0 ? [] : [extension('2.5.29.17', seq(...alternative))]),
    ...(options.more ?? []),
  ];
  const tbs = seq(
    ...(options.version === 1 ? [] : [der(0xa0, integer(2))]),
    integer(options.serial ?? (serials += 1)),
    algorithm.der,
    options.issuer?.name ?? subject,
    seq(time(options.notBeforeMs ?? NOW_MS - 30 * DAY_MS), time(options.notAfterMs ?? NOW_MS + 30 * DAY_MS)),
    subject,
    publicDer(key),
    ...(options.version === 1 ? [] : [der(0xa3, seq(...extensions))]),
  );
  const signature = sign(algorithm.hash, tbs, signer);
  return { key, name: subject, certificate: parseCertificate(seq(tbs, algorithm.der, bits(signature))) };
}

const trailingZeros = (byte: number): number => (byte === 0 ? 7 : Math.log2(byte & -byte));

export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

/** A revocation list of these serial numbers. */
export function revocationList(
  issuer: Issued,
  serials: readonly { readonly serial: string; readonly reason?: number; readonly atMs?: number }[],
  times: { readonly thisMs?: number; readonly nextMs?: number } = {},
): Buffer {
  const algorithm = algorithmOf(issuer.key);
  const entries = serials.map(({ serial, reason, atMs = NOW_MS - DAY_MS }) =>
    seq(
      der(0x02, Buffer.from(serial, 'hex')),
      time(atMs),
      ...(reason === undefined ? [] : [seq(extension('2.5.29.21', der(0x0a, Buffer.of(reason))))]),
    ),
  );
  const tbs = seq(
    integer(1),
    algorithm.der,
    issuer.name,
    time(times.thisMs ?? NOW_MS - DAY_MS),
    time(times.nextMs ?? NOW_MS + DAY_MS),
    ...(entries.length === 0 ? [] : [seq(...entries)]),
  );
  return seq(tbs, algorithm.der, bits(sign(algorithm.hash, tbs, issuer.key)));
}

export const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
