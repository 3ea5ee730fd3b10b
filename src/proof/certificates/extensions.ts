import { broken } from '../signature-fault.js';
import type { RawExtension } from './certificate.js';
import {
  bitsOf,
  booleanOf,
  childrenOf,
  DerCursor,
  expectTag,
  objectIdOf,
  readDer,
  smallIntegerOf,
  TAG,
} from './der.js';
import { parseGeneralName, type GeneralName } from './names.js';
import { OID } from './object-ids.js';

/** What the extensions of a certificate say; undefined for those that are not there. */
export interface Extensions {
  readonly basicConstraints?: { readonly isCa: boolean; readonly pathLength?: number };
  readonly keyUsage?: { readonly isCritical: boolean; readonly bits: ReadonlySet<KeyUsage> };
  readonly extendedKeyUsage?: { readonly isCritical: boolean; readonly purposes: readonly string[] };
  readonly subjectNames: readonly GeneralName[];
  readonly nameConstraints?: { readonly permitted: readonly GeneralName[]; readonly excluded: readonly GeneralName[] };
  readonly authorityKeyId?: Buffer;
  readonly subjectKeyId?: Buffer;
  /** Critical ones that are not understood: whoever does not know them must refuse. */
  readonly unknownCritical: readonly string[];
  readonly all: ReadonlyMap<string, RawExtension>;
}

const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

const UNDERSTOOD: readonly string[] = [
  OID.basicConstraints,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.subjectAltName,
  OID.nameConstraints,
  OID.certificatePolicies,
  OID.authorityKeyId,
  OID.subjectKeyId,
];

export function readExtensions(raw: readonly RawExtension[]): Extensions {
  const all = new Map(raw.map((one) => [one.id, one]));
  const read = <T>(id: string, parse: (extension: RawExtension) => T): T | undefined => {
    const extension = all.get(id);
    return extension === undefined ? undefined : parse(extension);
  };
  const basicConstraints = read(OID.basicConstraints, parseBasicConstraints);
  const keyUsage = read(OID.keyUsage, parseKeyUsage);
  const extendedKeyUsage = read(OID.extendedKeyUsage, parseExtendedKeyUsage);
  const nameConstraints = read(OID.nameConstraints, parseNameConstraints);
  const authorityKeyId = read(OID.authorityKeyId, parseAuthorityKeyId);
  const subjectKeyId = read(OID.subjectKeyId, ({ value }) => expectTag(readDer(value), TAG.octetString).content);
  return {
    ...(basicConstraints === undefined ? {} : { basicConstraints }),
    ...(keyUsage === undefined ? {} : { keyUsage }),
    ...(extendedKeyUsage === undefined ? {} : { extendedKeyUsage }),
    ...(nameConstraints === undefined ? {} : { nameConstraints }),
    ...(authorityKeyId === undefined ? {} : { authorityKeyId }),
    ...(subjectKeyId === undefined ? {} : { subjectKeyId }),
    subjectNames: read(OID.subjectAltName, parseNames) ?? [],
    unknownCritical: raw.filter(({ id, isCritical }) => isCritical && !UNDERSTOOD.includes(id)).map(({ id }) => id),
    all,
  };
}

function parseBasicConstraints({ value }: RawExtension): NonNullable<Extensions['basicConstraints']> {
  const cursor = new DerCursor(childrenOf(readDer(value)));
  const ca = cursor.optional(TAG.boolean);
  const length = cursor.optional(TAG.integer);
  cursor.end();
  const isCa = ca !== undefined && booleanOf(ca);
  if (length === undefined) return { isCa };
  if (!isCa) throw broken('a path length on what is no authority');
  return { isCa, pathLength: smallIntegerOf(length) };
}

function parseKeyUsage({ value, isCritical }: RawExtension): NonNullable<Extensions['keyUsage']> {
  const { octets } = bitsOf(readDer(value));
  const bits = KEY_USAGES.filter((_, bit) => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
  return { isCritical, bits: new Set(bits) };
}

function parseExtendedKeyUsage({ value, isCritical }: RawExtension): NonNullable<Extensions['extendedKeyUsage']> {
  const purposes = childrenOf(readDer(value)).map(objectIdOf);
  if (purposes.length === 0) throw broken('an extended key usage of nothing');
  return { isCritical, purposes };
}

function parseNames({ value }: RawExtension): readonly GeneralName[] {
  const names = childrenOf(readDer(value)).map(parseGeneralName);
  if (names.length === 0) throw broken('alternative names without any');
  return names;
}

function parseNameConstraints({ value }: RawExtension): NonNullable<Extensions['nameConstraints']> {
  const cursor = new DerCursor(childrenOf(readDer(value)));
  const permitted = cursor.optional(0xa0);
  const excluded = cursor.optional(0xa1);
  cursor.end();
  if (permitted === undefined && excluded === undefined) throw broken('name constraints without any');
  const subtrees = (list: typeof permitted): readonly GeneralName[] =>
    list === undefined
      ? []
      : childrenOf(list, list.tag).map((subtree) => {
          const [base, bounds] = childrenOf(subtree);
          if (base === undefined || bounds !== undefined) throw broken('a name constraint with bounds');
          return constraintName(base);
        });
  return { permitted: subtrees(permitted), excluded: subtrees(excluded) };
}

/** In a constraint an empty text is allowed: it stands for every name of the kind. */
function constraintName(base: Parameters<typeof parseGeneralName>[0]): GeneralName {
  const kinds = { 0x81: 'email', 0x82: 'dns', 0x86: 'uri' } as const;
  if (base.content.length > 0 || !(base.tag in kinds)) return parseGeneralName(base);
  return { kind: kinds[base.tag as keyof typeof kinds], text: '', bytes: base.content };
}

function parseAuthorityKeyId({ value }: RawExtension): Buffer | undefined {
  const cursor = new DerCursor(childrenOf(readDer(value)));
  const id = cursor.optional(0x80);
  cursor.optional(0xa1);
  cursor.optional(0x82);
  cursor.end();
  return id?.content;
}
