import { createHash, sign, type KeyObject } from 'node:crypto';
import { bits, DAY_MS, der, extension, NOW_MS, octets, oid, seq, time, type Issued } from './pki.js';

/** What a response says of one certificate, right but for what is told. */
export interface Said {
  readonly of: Issued;
  readonly by: Issued;
  readonly status?: 'good' | 'unknown' | { readonly atMs: number; readonly reason?: number };
  readonly hash?: 'sha1' | 'sha256';
  readonly thisMs?: number;
  /** null leaves it out. */
  readonly nextMs?: number | null;
  readonly extensions?: readonly Buffer[];
}

export interface ResponseOptions {
  /** Who signs and says so; the issuer unless told. */
  readonly responder?: Issued;
  readonly named?: 'name' | 'key';
  readonly certificates?: readonly Issued[];
  readonly nonce?: Buffer | undefined;
  readonly key?: KeyObject;
  readonly extensions?: readonly Buffer[];
}

const HASHES = { sha1: '1.3.14.3.2.26', sha256: '2.16.840.1.101.3.4.2.1' };
const ECDSA_SHA256 = seq(oid('1.2.840.10045.4.3.2'));

/** The public point alone: what follows the header of a SubjectPublicKeyInfo on P-256. */
const pointOf = ({ certificate }: Issued): Buffer => certificate.keyInfo.subarray(-65);
const hashed = (hash: string, bytes: Buffer): Buffer => createHash(hash).update(bytes).digest();

function single({ of, by, status = 'good', hash = 'sha1', thisMs, nextMs, extensions = [] }: Said): Buffer {
  const id = seq(
    seq(oid(HASHES[hash]), Buffer.of(5, 0)),
    octets(hashed(hash, by.name)),
    octets(hashed(hash, pointOf(by))),
    der(0x02, Buffer.from(of.certificate.serial, 'hex')),
  );
  const said =
    typeof status === 'string'
      ? der(status === 'good' ? 0x80 : 0x82)
      : der(
          0xa1,
          time(status.atMs),
          ...(status.reason === undefined ? [] : [der(0xa0, der(0x0a, Buffer.of(status.reason)))]),
        );
  const next = nextMs === null ? [] : [der(0xa0, time(nextMs ?? NOW_MS + DAY_MS))];
  const more = extensions.length === 0 ? [] : [der(0xa1, seq(...extensions))];
  return seq(id, said, time(thisMs ?? NOW_MS - DAY_MS), ...next, ...more);
}

/** An OCSPResponse of these answers (keys on P-256). */
export function ocspResponse(said: readonly Said[], options: ResponseOptions = {}): Buffer {
  const { responder = said[0]!.by, named = 'name', certificates = [], nonce, key = responder.key } = options;
  const id = named === 'name' ? der(0xa1, responder.name) : der(0xa2, octets(hashed('sha1', pointOf(responder))));
  const extensions = [
    ...(nonce === undefined ? [] : [extension('1.3.6.1.5.5.7.48.1.2', octets(nonce))]),
    ...(options.extensions ?? []),
  ];
  const tbs = seq(
    id,
    time(NOW_MS),
    seq(...said.map(single)),
    ...(extensions.length === 0 ? [] : [der(0xa1, seq(...extensions))]),
  );
  const chain = certificates.length === 0 ? [] : [der(0xa0, seq(...certificates.map((one) => one.certificate.der)))];
  const basic = seq(tbs, ECDSA_SHA256, bits(sign('sha256', tbs, key)), ...chain);
  return seq(der(0x0a, Buffer.of(0)), der(0xa0, seq(oid('1.3.6.1.5.5.7.48.1.1'), octets(basic))));
}

/** A refusal: a status alone. */
export const ocspRefusal = (status: number): Buffer => seq(der(0x0a, Buffer.of(status)));

export const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
export const NO_CHECK = extension('1.3.6.1.5.5.7.48.1.5', Buffer.of(5, 0));
/** The extension that says where to ask. */
export const answersAt = (url: string): Buffer =>
  extension('1.3.6.1.5.5.7.1.1', seq(seq(oid('1.3.6.1.5.5.7.48.1'), der(0x86, Buffer.from(url)))));
