import { broken } from '../signature-fault.js';
import { fromBase64 } from './base64.js';
import { asObject, has, listIn, objectIn, textIn, type JsonObject } from './fields.js';

/** A DSSE envelope with its one signature. The payload means nothing until that is verified. */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

export const IN_TOTO = 'application/vnd.in-toto+json';

/** DSSE's pre-authentication encoding: what is really signed, type and payload with their lengths, so that no payload of one type is one of another. */
export function preAuthEncoding(payloadType: string, payload: Buffer): Buffer {
  const type = Buffer.from(payloadType);
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload]);
}

export function parseEnvelope(envelope: JsonObject): Envelope {
  const signatures = listIn(envelope, 'signatures');
  const [first] = signatures;
  if (first === undefined || signatures.length > 1) throw broken(`${signatures.length} signatures where one belongs`);
  const one = asObject(first, 'a signature');
  if (has(one, 'keyid')) textIn(one, 'keyid');
  return {
    payloadType: textIn(envelope, 'payloadType'),
    payload: fromBase64(textIn(envelope, 'payload')),
    signature: fromBase64(textIn(one, 'sig')),
  };
}

/** The envelope in a bundle; statements only. */
export function statementEnvelope(bundle: JsonObject): Envelope {
  const envelope = parseEnvelope(objectIn(bundle, 'dsseEnvelope'));
  if (envelope.payloadType !== IN_TOTO) throw broken(`a payload of the type ${envelope.payloadType}`);
  return envelope;
}
