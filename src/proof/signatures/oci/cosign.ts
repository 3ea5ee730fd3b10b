import { broken } from '../../signature-fault.js';
import { readCertificates, type Certificate } from '../../certificates/certificate.js';
import { fromBase64 } from '../base64.js';
import { asObject, has, listIn, objectIn, parseObject, textIn, type JsonObject } from '../fields.js';
import { isSignatureOf } from '../keys.js';
import { STATEMENT_TYPE } from '../oms/statement.js';
import type { LogEntry } from '../logs/log-entry.js';
import { sha256Of, type SignedThing } from '../signed-thing.js';

export const COSIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';
export const SIMPLE_TYPE = 'cosign container image signature';
export const ANNOTATION = 'dev.cosignproject.cosign/signature';
export const SIGSTORE = 'dev.sigstore.cosign';

/** That a statement whose signature was verified is cosign's "signed" about this manifest. @throws SignatureFault proof */
export function checkCosignStatement(payload: Buffer, manifestSha256: string): void {
  const statement = parseObject(payload, 'the statement');
  if (textIn(statement, '_type') !== STATEMENT_TYPE) throw broken('not an in-toto statement');
  const predicateType = textIn(statement, 'predicateType');
  if (predicateType !== COSIGN_PREDICATE) throw broken(`a statement of the type ${predicateType}`);
  const digests = listIn(statement, 'subject').map((one) =>
    textIn(objectIn(asObject(one, 'subject'), 'digest'), 'sha256'),
  );
  if (!digests.includes(manifestSha256)) throw broken('the signature is of another image');
}

/** That the payload of the older form is about this manifest. @throws SignatureFault proof */
export function checkSimpleSigning(payload: Buffer, manifestSha256: string): void {
  const critical = objectIn(parseObject(payload, 'the payload'), 'critical');
  if (textIn(critical, 'type') !== SIMPLE_TYPE) throw broken('a payload of another type');
  if (textIn(objectIn(critical, 'image'), 'docker-manifest-digest') !== `sha256:${manifestSha256}`)
    throw broken('the signature is of another image');
}

/** A layer of the older form: the payload, and in the annotations of its descriptor all the rest. */
export function parseSimpleSigning(payload: Buffer, annotations: JsonObject): SignedThing {
  // cosign writes an empty chain where the root was all of it.
  const pem = (name: string): readonly Certificate[] =>
    has(annotations, name) && textIn(annotations, name) !== ''
      ? readCertificates(Buffer.from(textIn(annotations, name)))
      : [];
  const [leaf] = pem(`${SIGSTORE}/certificate`);
  const signature = fromBase64(textIn(annotations, ANNOTATION));
  return {
    isSignedWith: (key) => isSignatureOf(payload, signature, key),
    loggedSha256: sha256Of(payload),
    signature,
    signer:
      leaf === undefined
        ? { kind: 'key', hint: undefined }
        : { kind: 'certificate', leaf, others: pem(`${SIGSTORE}/chain`) },
    logEntries: has(annotations, `${SIGSTORE}/bundle`)
      ? [parseOldBundle(textIn(annotations, `${SIGSTORE}/bundle`))]
      : [],
    timestamps: has(annotations, `${SIGSTORE}/rfc3161timestamp`)
      ? [
          fromBase64(
            textIn(
              parseObject(Buffer.from(textIn(annotations, `${SIGSTORE}/rfc3161timestamp`)), 'the time stamp'),
              'SignedRFC3161Timestamp',
            ),
          ),
        ]
      : [],
  };
}

/** A log's promise as cosign 1 and 2 wrote it. */
function parseOldBundle(text: string): LogEntry {
  const bundle = parseObject(Buffer.from(text), 'the log entry');
  const payload = objectIn(bundle, 'Payload');
  const integer = (name: string): bigint => {
    const value = payload.get(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw broken(`${name} is not an integer`);
    return BigInt(value);
  };
  const logId = textIn(payload, 'logID');
  if (!/^[0-9a-f]{64}$/.test(logId)) throw broken('a log entry without a log');
  return {
    ...{ logId, logIndex: integer('logIndex'), integratedTimeS: integer('integratedTime'), proof: undefined },
    promise: fromBase64(textIn(bundle, 'SignedEntryTimestamp')),
    body: fromBase64(textIn(payload, 'body')),
  };
}
