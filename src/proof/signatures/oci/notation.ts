import { parseCertificate } from '../../certificates/certificate.js';
import { broken, untrusted } from '../../signature-fault.js';
import { fromBase64, fromBase64Url } from '../base64.js';
import { asText, has, listIn, objectIn, parseObject, textIn } from '../fields.js';
import { sha256Of } from '../signed-thing.js';
import { parseNotationCose } from './notation-cose.js';
import {
  ALGORITHMS,
  checkHeaders,
  EXPIRY,
  isSignedBy,
  SCHEME,
  STAMP,
  type NotationSignature,
} from './notation-headers.js';

/** A signature of Notation, as JWS or as COSE. @throws SignatureFault proof */
export function parseNotation(bytes: Buffer): NotationSignature {
  return bytes[0] === COSE_SIGN1 ? parseNotationCose(bytes) : parseNotationJws(bytes);
}

/** A tag of CBOR, with which no JSON begins. */
const COSE_SIGN1 = 0xd2;

function parseNotationJws(bytes: Buffer): NotationSignature {
  const envelope = parseObject(bytes, 'the envelope');
  const [protectedText, payloadText] = [textIn(envelope, 'protected'), textIn(envelope, 'payload')];
  const header = parseObject(fromBase64Url(protectedText), 'the protected header');
  const algorithm = ALGORITHMS[textIn(header, 'alg')];
  if (algorithm === undefined) throw untrusted(`the algorithm ${textIn(header, 'alg')}`);
  checkHeaders({
    payloadType: textIn(header, 'cty'),
    scheme: textIn(header, SCHEME),
    critical: has(header, 'crit') ? listIn(header, 'crit').map((one) => asText(one, 'crit')) : [],
    hasExpiry: has(header, EXPIRY),
  });
  const open = objectIn(envelope, 'header');
  const [leaf, ...others] = listIn(open, 'x5c').map((one) => parseCertificate(fromBase64(asText(one, 'x5c'))));
  if (leaf === undefined) throw broken('a signature without a certificate');
  const signedBytes = Buffer.from(`${protectedText}.${payloadText}`);
  const signature = fromBase64Url(textIn(envelope, 'signature'));
  return {
    ...{ signature, payload: fromBase64Url(payloadText), loggedSha256: sha256Of(signedBytes), logEntries: [] },
    signer: { kind: 'certificate', leaf, others },
    timestamps: has(open, STAMP) ? [fromBase64(textIn(open, STAMP))] : [],
    isSignedWith: (key) => isSignedBy(signedBytes, signature, algorithm, key),
    expiresMs: has(header, EXPIRY) ? timeIn(textIn(header, EXPIRY)) : undefined,
  };
}

function timeIn(text: string): number {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw broken('a time that is none');
  return ms;
}

/** That the payload is about this manifest. @throws SignatureFault proof */
export function checkNotationPayload(
  payload: Buffer,
  manifest: { readonly sha256: string; readonly sizeBytes: number },
): void {
  const target = objectIn(parseObject(payload, 'the payload'), 'targetArtifact');
  if (textIn(target, 'digest') !== `sha256:${manifest.sha256}` || target.get('size') !== manifest.sizeBytes)
    throw broken('the signature is of another image');
}
