import { parseCertificate, type Certificate } from '../certificates/certificate.js';
import { broken } from '../signature-fault.js';
import { fromBase64 } from './base64.js';
import { statementEnvelope, type Envelope } from './dsse.js';
import { asObject, has, listIn, objectIn, parseObject, textIn, type JsonObject } from './fields.js';
import { parseLogEntry, type LogEntry } from './logs/log-entry.js';

/** Who says that they signed. Nothing of it is believed yet. */
export type Signer =
  | { readonly kind: 'key'; readonly hint: string | undefined }
  | { readonly kind: 'certificate'; readonly leaf: Certificate; readonly others: readonly Certificate[] };

/** Who signed a bundle, and what says when. */
export interface BundleMaterial {
  readonly signer: Signer;
  /** `certificate` instead of a chain: keyless, which must be in a log. */
  readonly isKeyless: boolean;
  readonly logEntries: readonly LogEntry[];
  /** RFC 3161 tokens. */
  readonly timestamps: readonly Buffer[];
}

/** A Sigstore bundle (v0.1 to v0.3) around a DSSE envelope: what OMS, cosign and in-toto attestations come in. */
export interface Bundle extends BundleMaterial {
  readonly envelope: Envelope;
}

/** What a bundle is called that is written today. */
export const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const MOST_BYTES = 64 * 2 ** 20;
const MEDIA_TYPES = [
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  BUNDLE_TYPE,
];
const MOST_CERTIFICATES = 20;
const MOST_ENTRIES = 16;

/** @throws SignatureFault proof */
export function parseBundle(bytes: Buffer): Bundle {
  const bundle = bundleIn(bytes);
  if (has(bundle, 'messageSignature')) throw broken('a bundle over a digest instead of a statement');
  return { ...materialIn(bundle), envelope: statementEnvelope(bundle) };
}

/** The outer object of a bundle of a known version. @throws SignatureFault proof */
export function bundleIn(bytes: Buffer): JsonObject {
  if (bytes.length > MOST_BYTES) throw broken(`a bundle of ${bytes.length} bytes`);
  const bundle = parseObject(bytes, 'the bundle');
  const mediaType = textIn(bundle, 'mediaType');
  if (!MEDIA_TYPES.includes(mediaType)) throw broken(`a bundle of the type ${mediaType}`);
  return bundle;
}

/** @throws SignatureFault proof */
export function materialIn(bundle: JsonObject): BundleMaterial {
  const material = objectIn(bundle, 'verificationMaterial');
  const kinds = ['publicKey', 'x509CertificateChain', 'certificate'].filter((kind) => has(material, kind));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) throw broken('a bundle without exactly one signer');
  const entries = has(material, 'tlogEntries') ? listIn(material, 'tlogEntries') : [];
  if (entries.length > MOST_ENTRIES) throw broken(`${entries.length} log entries`);
  return {
    signer: parseSigner(material, kind),
    isKeyless: kind === 'certificate',
    logEntries: entries.map((entry) => parseLogEntry(asObject(entry, 'a log entry'))),
    timestamps: timestampsIn(material),
  };
}

function parseSigner(material: JsonObject, kind: string): Signer {
  if (kind === 'publicKey') {
    const key = objectIn(material, 'publicKey');
    const hint = has(key, 'hint') ? textIn(key, 'hint') : '';
    return { kind: 'key', hint: hint === '' ? undefined : hint };
  }
  const list =
    kind === 'certificate'
      ? [objectIn(material, 'certificate')]
      : listIn(objectIn(material, 'x509CertificateChain'), 'certificates').map((one) => asObject(one, 'a certificate'));
  if (list.length > MOST_CERTIFICATES) throw broken(`${list.length} certificates`);
  const [leaf, ...others] = list.map((one) => parseCertificate(fromBase64(textIn(one, 'rawBytes'))));
  if (leaf === undefined) throw broken('a chain without a certificate');
  return { kind: 'certificate', leaf, others };
}

function timestampsIn(material: JsonObject): readonly Buffer[] {
  if (!has(material, 'timestampVerificationData')) return [];
  const data = objectIn(material, 'timestampVerificationData');
  if (!has(data, 'rfc3161Timestamps')) return [];
  const stamps = listIn(data, 'rfc3161Timestamps');
  if (stamps.length > MOST_ENTRIES) throw broken(`${stamps.length} time stamps`);
  return stamps.map((one) => fromBase64(textIn(asObject(one, 'a time stamp'), 'signedTimestamp')));
}
