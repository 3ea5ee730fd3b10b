import { createPublicKey, sign, type KeyObject } from 'node:crypto';
import type { BundleJson, EntryJson } from './json.js';
import { preAuthEncoding } from '../signatures/dsse.js';
import { extension, issue, newKey, NOW_MS, octets, sha256, text, type Issued } from './pki.js';

const hashNode = (left: Buffer, right: Buffer): Buffer => sha256(Buffer.concat([Buffer.of(1), left, right]));
export const spki = (key: KeyObject): Buffer => createPublicKey(key).export({ format: 'der', type: 'spki' });
export const certificatePem = ({ certificate }: Issued): string =>
  `-----BEGIN CERTIFICATE-----\n${certificate.der.toString('base64')}\n-----END CERTIFICATE-----\n`;

/** A Sigstore instance of one's own: authority, log of certificates, log of signatures. */
export class Instance {
  readonly root = issue('fulcio', { ca: true });
  readonly log = newKey();
  readonly certificateLog = newKey();

  /** A certificate for ten minutes, shown to the log of certificates. */
  signer(uri: string, issuer = 'https://issuer.example', options: { readonly isLogged?: boolean } = {}): Issued {
    const key = newKey();
    const common = {
      ...{ key, issuer: this.root, ca: false, purposes: ['1.3.6.1.5.5.7.3.3'], uris: [uri], serial: 77 },
      ...{ notBeforeMs: NOW_MS - 3_600_000, notAfterMs: NOW_MS - 3_000_000 },
    };
    const vouched = extension('1.3.6.1.4.1.57264.1.8', text(0x0c, issuer));
    if (options.isLogged === false) return issue('', { ...common, more: [vouched] });
    const before = issue('', { ...common, more: [vouched] }).certificate.tbs;
    return issue('', {
      ...common,
      more: [vouched, extension('1.3.6.1.4.1.11129.2.4.2', octets(this.#stamps(before)))],
    });
  }

  #stamps(before: Buffer): Buffer {
    const length = Buffer.alloc(3);
    length.writeUIntBE(before.length, 0, 3);
    const at = Buffer.alloc(8);
    const head = Buffer.concat([Buffer.of(0, 0), at, Buffer.of(0, 1), sha256(spki(this.root.key)), length, before]);
    const signature = sign('sha256', Buffer.concat([head, Buffer.of(0, 0)]), this.certificateLog);
    const size = (bytes: Buffer): Buffer => Buffer.from([bytes.length >> 8, bytes.length & 255]);
    const logId = sha256(spki(this.certificateLog));
    const stamp = Buffer.concat([
      Buffer.of(0),
      logId,
      at,
      Buffer.of(0, 0),
      Buffer.of(4, 3),
      size(signature),
      signature,
    ]);
    const entry = Buffer.concat([size(stamp), stamp]);
    return Buffer.concat([size(entry), entry]);
  }

  /** What the log gives back for an entry: promise, and inclusion as the second of two. */
  entry(body: Buffer): EntryJson {
    const integratedTime = String(NOW_MS / 1000 - 3500);
    const logId = sha256(spki(this.log));
    const canonical = `{"body":"${body.toString('base64')}","integratedTime":${integratedTime},"logID":"${logId.toString('hex')}","logIndex":1}`;
    const other = sha256(Buffer.from('other'));
    const root = hashNode(other, sha256(Buffer.concat([Buffer.of(0), body])));
    const note = `log.example\n2\n${root.toString('base64')}\n`;
    const noteSignature = Buffer.concat([logId.subarray(0, 4), sign('sha256', Buffer.from(note), this.log)]);
    return {
      ...{ logIndex: '1', logId: { keyId: logId.toString('base64') }, integratedTime },
      kindVersion: { kind: 'dsse', version: '0.0.1' },
      inclusionPromise: { signedEntryTimestamp: sign('sha256', Buffer.from(canonical), this.log).toString('base64') },
      inclusionProof: {
        ...{ logIndex: '1', treeSize: '2', rootHash: root.toString('base64'), hashes: [other.toString('base64')] },
        checkpoint: { envelope: `${note}\n\u2014 log.example ${noteSignature.toString('base64')}\n` },
      },
      canonicalizedBody: body.toString('base64'),
    };
  }

  /** A keyless bundle around a statement. */
  bundle(signer: Issued, statement: unknown): BundleJson {
    const payload = Buffer.from(JSON.stringify(statement));
    const payloadType = 'application/vnd.in-toto+json';
    const signature = sign('sha256', preAuthEncoding(payloadType, payload), signer.key);
    const body = Buffer.from(
      JSON.stringify({
        apiVersion: '0.0.1',
        kind: 'dsse',
        spec: {
          payloadHash: { algorithm: 'sha256', value: sha256(payload).toString('hex') },
          signatures: [
            {
              signature: signature.toString('base64'),
              verifier: Buffer.from(certificatePem(signer)).toString('base64'),
            },
          ],
        },
      }),
    );
    return {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: {
        certificate: { rawBytes: signer.certificate.der.toString('base64') },
        tlogEntries: [this.entry(body)],
      },
      dsseEnvelope: {
        ...{ payload: payload.toString('base64'), payloadType },
        signatures: [{ sig: signature.toString('base64') }],
      },
    };
  }
}
