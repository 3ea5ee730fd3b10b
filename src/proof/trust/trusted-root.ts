import { createPublicKey, type KeyObject } from 'node:crypto';
import { parseCertificate, type Certificate } from '../certificates/certificate.js';
import { broken } from '../signature-fault.js';
import { fromBase64 } from '../signatures/base64.js';
import { asObject, has, listIn, objectIn, parseObject, textIn, type JsonObject } from '../signatures/fields.js';

/** The parts of a Sigstore instance that one has to trust, as its `trusted_root.json` names them. */
export interface TrustedRoot {
  readonly roots: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  readonly timestampRoots: readonly Certificate[];
  readonly logKeys: readonly KeyObject[];
  readonly certificateLogKeys: readonly KeyObject[];
}

/** @throws SignatureFault proof */
export function parseTrustedRoot(bytes: Buffer): TrustedRoot {
  const root = parseObject(bytes, 'the trusted root');
  if (!textIn(root, 'mediaType').startsWith('application/vnd.dev.sigstore.trustedroot'))
    throw broken('not the trusted root of a Sigstore instance');
  const authorities = chainsIn(root, 'certificateAuthorities');
  const stampers = chainsIn(root, 'timestampAuthorities');
  return {
    roots: authorities.flatMap((chain) => chain.slice(-1)),
    intermediates: authorities.flatMap((chain) => chain.slice(0, -1)),
    timestampRoots: stampers.flatMap((chain) => chain.slice(-1)),
    logKeys: keysIn(root, 'tlogs'),
    certificateLogKeys: keysIn(root, 'ctlogs'),
  };
}

function itemsIn(root: JsonObject, name: string): readonly JsonObject[] {
  return has(root, name) ? listIn(root, name).map((one) => asObject(one, name)) : [];
}

function chainsIn(root: JsonObject, name: string): readonly (readonly Certificate[])[] {
  return itemsIn(root, name).map((authority) =>
    listIn(objectIn(authority, 'certChain'), 'certificates').map((one) =>
      parseCertificate(fromBase64(textIn(asObject(one, 'a certificate'), 'rawBytes'))),
    ),
  );
}

function keysIn(root: JsonObject, name: string): readonly KeyObject[] {
  return itemsIn(root, name).map((log) => {
    try {
      return createPublicKey({
        key: fromBase64(textIn(objectIn(log, 'publicKey'), 'rawBytes')),
        format: 'der',
        type: 'spki',
      });
    } catch {
      throw broken(`a key of ${name} that cannot be read`);
    }
  });
}
