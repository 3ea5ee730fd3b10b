import { createHash, type KeyObject } from 'node:crypto';
import { pemBlocks } from '../../certificates/certificate.js';
import { broken, untrusted } from '../../signature-fault.js';
import { fromBase64 } from '../base64.js';
import { asObject, has, listIn, objectIn, parseObject, textIn, type JsonObject } from '../fields.js';
import { isSignatureOf } from '../keys.js';
import { isCheckpointOf, parseCheckpoint } from './checkpoint.js';
import { leafHash, rootOfInclusion } from './merkle.js';

/** One entry of a transparency log (Rekor), as a bundle brings it. */
export interface LogEntry {
  readonly logIndex: bigint;
  /** The log's key id as it stands there, in hexadecimal. */
  readonly logId: string;
  readonly integratedTimeS: bigint;
  /** Signed entry timestamp: the log's promise, which also covers the time. */
  readonly promise: Buffer | undefined;
  readonly proof: InclusionProof | undefined;
  /** What the log keeps. */
  readonly body: Buffer;
}

interface InclusionProof {
  readonly index: bigint;
  readonly size: bigint;
  readonly root: Buffer;
  readonly path: readonly Buffer[];
  readonly checkpoint: string;
}

const MOST_PATH = 64;

export function parseLogEntry(entry: JsonObject): LogEntry {
  const promise = has(entry, 'inclusionPromise') ? objectIn(entry, 'inclusionPromise') : undefined;
  return {
    logIndex: integerIn(entry, 'logIndex'),
    logId: fromBase64(textIn(objectIn(entry, 'logId'), 'keyId')).toString('hex'),
    integratedTimeS: has(entry, 'integratedTime') ? integerIn(entry, 'integratedTime') : 0n,
    promise: promise === undefined ? undefined : fromBase64(textIn(promise, 'signedEntryTimestamp')),
    proof: has(entry, 'inclusionProof') ? parseProof(objectIn(entry, 'inclusionProof')) : undefined,
    body: fromBase64(textIn(entry, 'canonicalizedBody')),
  };
}

function parseProof(proof: JsonObject): InclusionProof {
  const path = has(proof, 'hashes') ? listIn(proof, 'hashes') : [];
  if (path.length > MOST_PATH) throw broken('an inclusion proof that is too long');
  return {
    index: has(proof, 'logIndex') ? integerIn(proof, 'logIndex') : 0n,
    size: integerIn(proof, 'treeSize'),
    root: fromBase64(textIn(proof, 'rootHash')),
    path: path.map((hash) => {
      if (typeof hash !== 'string') throw broken('an inclusion proof of no hashes');
      return fromBase64(hash);
    }),
    checkpoint: textIn(objectIn(proof, 'checkpoint'), 'envelope'),
  };
}

/** Protobuf writes 64-bit integers as text. */
function integerIn(object: JsonObject, name: string): bigint {
  const value = object.get(name);
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^\d{1,19}$/.test(text)) throw broken(`${name} is not an integer`);
  return BigInt(text);
}

/** What the entry must be of. `signedSha256` is of the payload of an envelope, or of the bytes that were signed. */
export interface Logged {
  readonly signedSha256: string;
  readonly signature: Buffer;
  /** DER of the signer's certificate, or of its SubjectPublicKeyInfo. */
  readonly verifier: Buffer;
}

/**
 * That the entry is of this signature and stands in the log of one of these keys.
 * @returns when the log took it in, in milliseconds since 1970, when the log itself says so; and the log's key
 * @throws SignatureFault proof when it is of something else, trust when no known log vouches for it
 */
export function verifyLogEntry(
  entry: LogEntry,
  logged: Logged,
  logKeys: readonly KeyObject[],
): { readonly atMs: number | undefined; readonly log: KeyObject } {
  checkBinding(entry.body, logged);
  const promised = logKeys.find((key) => isPromiseOf(entry, key));
  const included = entry.proof === undefined ? undefined : logKeys.find((key) => isIncluded(entry, key));
  if (entry.proof !== undefined && included === undefined) throw untrusted('no known log signed the checkpoint');
  if (entry.promise !== undefined && promised === undefined) throw untrusted('no known log made the promise');
  const log = included ?? promised;
  if (log === undefined) throw untrusted('a log entry without a proof');
  return { atMs: promised === undefined ? undefined : Number(entry.integratedTimeS) * 1000, log };
}

function isPromiseOf({ promise, body, integratedTimeS, logId, logIndex }: LogEntry, key: KeyObject): boolean {
  if (promise === undefined) return false;
  const canonical = `{"body":"${body.toString('base64')}","integratedTime":${integratedTimeS},"logID":"${logId}","logIndex":${logIndex}}`;
  return isSignatureOf(Buffer.from(canonical), promise, key);
}

function isIncluded({ proof, body }: LogEntry, key: KeyObject): boolean {
  if (proof === undefined) return false;
  const checkpoint = parseCheckpoint(proof.checkpoint);
  const root = rootOfInclusion(leafHash(body), proof.index, proof.size, proof.path);
  if (!root.equals(proof.root) || !root.equals(checkpoint.root) || checkpoint.size !== proof.size)
    throw broken('the log entry is not in the tree of the checkpoint');
  return isCheckpointOf(checkpoint, key);
}

/** The entry names the same digest, signature and signer: one of another artifact proves nothing (CVE-2026-22703). */
function checkBinding(body: Buffer, logged: Logged): void {
  const entry = parseObject(body, 'the log entry');
  const kind = `${textIn(entry, 'kind')}/${textIn(entry, 'apiVersion')}`;
  const spec = objectIn(entry, 'spec');
  const named = namedIn(kind, spec);
  if (named.signedSha256 !== logged.signedSha256) throw broken('the log entry is of other content');
  if (!named.signature.equals(logged.signature)) throw broken('the log entry is of another signature');
  if (!named.verifier.equals(logged.verifier)) throw broken('the log entry is of another signer');
}

function namedIn(kind: string, spec: JsonObject): Logged {
  switch (kind) {
    case 'dsse/0.0.1': {
      const one = onlyOf(spec, 'signatures');
      return {
        signedSha256: sha256In(objectIn(spec, 'payloadHash')),
        signature: fromBase64(textIn(one, 'signature')),
        verifier: verifierIn(textIn(one, 'verifier')),
      };
    }
    case 'intoto/0.0.2': {
      const content = objectIn(spec, 'content');
      const one = onlyOf(objectIn(content, 'envelope'), 'signatures');
      return {
        signedSha256: sha256In(objectIn(content, 'payloadHash')),
        signature: fromBase64(fromBase64(textIn(one, 'sig')).toString('latin1')),
        verifier: verifierIn(textIn(one, 'publicKey')),
      };
    }
    case 'hashedrekord/0.0.1': {
      const signature = objectIn(spec, 'signature');
      return {
        signedSha256: sha256In(objectIn(objectIn(spec, 'data'), 'hash')),
        signature: fromBase64(textIn(signature, 'content')),
        verifier: verifierIn(textIn(objectIn(signature, 'publicKey'), 'content')),
      };
    }
    case 'dsse/0.0.2': {
      const inner = objectIn(spec, 'dsseV002');
      return namedInSecond(objectIn(inner, 'payloadHash'), onlyOf(inner, 'signatures'));
    }
    case 'hashedrekord/0.0.2': {
      const inner = objectIn(spec, 'hashedRekordV002');
      return namedInSecond(objectIn(inner, 'data'), objectIn(inner, 'signature'));
    }
    default:
      throw broken(`a log entry of the kind ${kind}`);
  }
}

/** Rekor 2 keeps raw bytes where the first kept PEM. */
function namedInSecond(hash: JsonObject, signature: JsonObject): Logged {
  if (textIn(hash, 'algorithm') !== 'SHA2_256') throw broken('a log entry by another hash than SHA-256');
  const verifier = objectIn(signature, 'verifier');
  const kind = has(verifier, 'x509Certificate') ? 'x509Certificate' : 'publicKey';
  return {
    signedSha256: fromBase64(textIn(hash, 'digest')).toString('hex'),
    signature: fromBase64(textIn(signature, 'content')),
    verifier: fromBase64(textIn(objectIn(verifier, kind), 'rawBytes')),
  };
}

function onlyOf(object: JsonObject, name: string): JsonObject {
  const list = listIn(object, name);
  if (list.length !== 1) throw broken(`${list.length} signatures in a log entry`);
  return asObject(list[0], name);
}

function sha256In(hash: JsonObject): string {
  if (textIn(hash, 'algorithm') !== 'sha256') throw broken('a log entry by another hash than SHA-256');
  return textIn(hash, 'value');
}

function verifierIn(base64: string): Buffer {
  const pem = fromBase64(base64).toString('latin1');
  const [found] = [...pemBlocks(pem, 'CERTIFICATE'), ...pemBlocks(pem, 'PUBLIC KEY')];
  if (found === undefined) throw broken('a log entry without a signer');
  return found;
}

/** What a log calls its key: SHA-256 of the SubjectPublicKeyInfo. */
export function logKeyId(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest();
}
