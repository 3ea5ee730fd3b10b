import { parseCertificate, type Certificate } from '../../certificates/certificate.js';
import { broken, untrusted } from '../../signature-fault.js';
import { CborTag, encodeCbor, parseCbor, type Cbor, type CborMap } from '../cbor.js';
import { sha256Of } from '../signed-thing.js';
import {
  AGENT,
  ALGORITHMS,
  checkHeaders,
  EXPIRY,
  isSignedBy,
  PAYLOAD_TYPE,
  SCHEME,
  SIGNING_TIME,
  STAMP,
  X509_SCHEME,
  type NotationSignature,
} from './notation-headers.js';

const SIGN1_TAG = 18;
const TIME_TAG = 1;
/** Labels of headers (RFC 9052, 3.1; RFC 9360). */
const LABEL = { algorithm: 1, critical: 2, contentType: 3, certificates: 33 } as const;
/** The same algorithms as in JWS, by their numbers (RFC 9053). */
const NAMES: Readonly<Record<number, string>> = {
  [-7]: 'ES256',
  [-35]: 'ES384',
  [-36]: 'ES512',
  [-37]: 'PS256',
  [-38]: 'PS384',
  [-39]: 'PS512',
};

/** Notation's COSE form: COSE_Sign1 (RFC 9052, 4.2). @throws SignatureFault proof */
export function parseNotationCose(bytes: Buffer): NotationSignature {
  const envelope = parseCbor(bytes);
  if (!(envelope instanceof CborTag) || envelope.tag !== SIGN1_TAG) throw broken('not a COSE_Sign1');
  const parts = asList(envelope.value, 'COSE_Sign1');
  const [headers, open, payload, signature] = parts;
  if (parts.length !== 4) throw broken('a COSE_Sign1 without its four parts');
  const [headerBytes, payloadBytes] = [asBytes(headers, 'the protected header'), asBytes(payload, 'the payload')];
  const header = asMap(parseCbor(headerBytes), 'the protected header');
  const others = asMap(open, 'the header');
  const number = header.get(LABEL.algorithm);
  const algorithm = typeof number === 'number' ? ALGORITHMS[NAMES[number] ?? ''] : undefined;
  if (algorithm === undefined)
    throw untrusted(`the algorithm ${typeof number === 'number' ? number : 'without a number'}`);
  checkHeaders({
    payloadType: asText(header.get(LABEL.contentType), 'the type of the payload'),
    scheme: asText(header.get(SCHEME), SCHEME),
    critical: asList(header.get(LABEL.critical) ?? [], 'crit').map((one) => asText(one, 'crit')),
    hasExpiry: header.has(EXPIRY),
  });
  const chain = others.get(LABEL.certificates) ?? [];
  const [leaf, ...rest] = (Buffer.isBuffer(chain) ? [chain] : asList(chain, 'x5chain')).map((one) =>
    parseCertificate(asBytes(one, 'x5chain')),
  );
  if (leaf === undefined) throw broken('a signature without a certificate');
  const signedBytes = structureOf(headerBytes, payloadBytes);
  const signatureBytes = asBytes(signature, 'the signature');
  const stamp = others.get(STAMP);
  return {
    ...{ signature: signatureBytes, payload: payloadBytes, loggedSha256: sha256Of(signedBytes), logEntries: [] },
    signer: { kind: 'certificate', leaf, others: rest },
    timestamps: stamp === undefined ? [] : [asBytes(stamp, STAMP)],
    isSignedWith: (key) => isSignedBy(signedBytes, signatureBytes, algorithm, key),
    expiresMs: header.has(EXPIRY) ? timeIn(header.get(EXPIRY)) : undefined,
  };
}

/** What is really signed (RFC 9052, 4.4), without data from outside. */
function structureOf(header: Buffer, payload: Buffer): Buffer {
  return encodeCbor(['Signature1', header, Buffer.alloc(0), payload]);
}

/** What a signature in this form is made of. `sign` is asked for the raw signature. */
export interface CoseParts {
  readonly algorithm: string;
  readonly payload: Buffer;
  readonly certificates: readonly Certificate[];
  readonly agent: string;
  readonly signedAtMs: number;
  readonly sign: (bytes: Buffer) => Buffer;
}

/** Notation's COSE form, as `parseNotationCose` reads it. */
export function formatNotationCose(parts: CoseParts): Buffer {
  const number = Object.entries(NAMES).find(([, name]) => name === parts.algorithm)?.[0];
  const header = encodeCbor(
    new Map<number | string, Cbor>([
      [LABEL.algorithm, Number(number)],
      [LABEL.critical, [SCHEME]],
      [LABEL.contentType, PAYLOAD_TYPE],
      [SCHEME, X509_SCHEME],
      [SIGNING_TIME, new CborTag(TIME_TAG, Math.floor(parts.signedAtMs / 1000))],
    ]),
  );
  const open = new Map<number | string, Cbor>([
    [LABEL.certificates, parts.certificates.map(({ der }) => der)],
    [AGENT, parts.agent],
  ]);
  const signature = parts.sign(structureOf(header, parts.payload));
  return encodeCbor(new CborTag(SIGN1_TAG, [header, open, parts.payload, signature]));
}

function timeIn(value: Cbor | undefined): number {
  if (!(value instanceof CborTag) || value.tag !== TIME_TAG || typeof value.value !== 'number')
    throw broken('a time that is none');
  return value.value * 1000;
}

function asBytes(value: Cbor | undefined, what: string): Buffer {
  if (!Buffer.isBuffer(value)) throw broken(`${what} is not bytes`);
  return value;
}

function asText(value: Cbor | undefined, what: string): string {
  if (typeof value !== 'string') throw broken(`${what} is not text`);
  return value;
}

function asList(value: Cbor | undefined, what: string): readonly Cbor[] {
  if (!Array.isArray(value)) throw broken(`${what} is not a list`);
  return value as readonly Cbor[];
}

function asMap(value: Cbor | undefined, what: string): CborMap {
  if (!(value instanceof Map)) throw broken(`${what} is not an object`);
  return value as CborMap;
}
