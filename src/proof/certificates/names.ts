import { broken } from '../signature-fault.js';
import { childrenOf, objectIdOf, readAll, readDer, TAG, type DerValue } from './der.js';

/** One name of a SubjectAltName or of a constraint. `other` kinds are known to be there, and no more. */
export interface GeneralName {
  readonly kind: 'email' | 'dns' | 'uri' | 'ip' | 'directory' | 'other';
  /** Text of email, dns and uri; `other` has its tag. */
  readonly text: string;
  /** Bytes of ip (in constraints with the mask) and of directory (the DER of the name). */
  readonly bytes: Buffer;
}

const KINDS: Readonly<Record<number, GeneralName['kind']>> = {
  0x81: 'email',
  0x82: 'dns',
  0xa4: 'directory',
  0x86: 'uri',
  0x87: 'ip',
};

export function parseGeneralName(value: DerValue): GeneralName {
  const kind = KINDS[value.tag] ?? 'other';
  if (kind === 'directory') return { kind, text: '', bytes: readDer(value.content).raw };
  if (kind === 'ip') return { kind, text: '', bytes: value.content };
  if (kind === 'other') return { kind, text: `tag ${value.tag}`, bytes: value.content };
  const text = value.content.toString('latin1');
  if (text === '' || /[^\x21-\x7e]/.test(text)) throw broken('a name that is not printable ASCII');
  return { kind, text, bytes: value.content };
}

const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'street'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['1.2.840.113549.1.9.1', 'emailAddress'],
]);

/** The attributes of a distinguished name, one list per relative name, in the order of the encoding. */
export function readName(der: Buffer): readonly (readonly { type: string; text: string; raw: Buffer }[])[] {
  return childrenOf(readDer(der)).map((relative) =>
    childrenOf(relative, TAG.set).map((attribute) => {
      const [type, value, more] = childrenOf(attribute);
      if (value === undefined || more !== undefined) throw broken('not a distinguished name');
      const id = objectIdOf(type);
      return { type: ATTRIBUTES.get(id) ?? id, text: textOf(value), raw: attribute.raw };
    }),
  );
}

/** RFC 4514: last first, commas between, what has a meaning escaped. */
export function nameText(der: Buffer): string {
  return readName(der)
    .map((relative) => relative.map(({ type, text }) => `${type}=${escape(text)}`).join('+'))
    .reverse()
    .join(',');
}

function escape(text: string): string {
  return text
    .replace(/[,+"\\<>;=]/g, '\\$&')
    .replace(/\u0000/g, '\\00')
    .replace(/^[ #]/, '\\$&')
    .replace(/(?<!^) $/, '\\ ');
}

function textOf({ tag, content }: DerValue): string {
  if (tag === 0x1e && content.length % 2 === 0) return Buffer.from(content).swap16().toString('utf16le');
  if (tag === 0x0c) {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    } catch {
      throw broken('a name that is not UTF-8');
    }
  }
  if (tag === 0x13 || tag === 0x16 || tag === 0x14 || tag === 0x12) return content.toString('latin1');
  throw broken('a name that is no text');
}

/** Relative names of a distinguished name as their bytes. */
export function relativeNames(der: Buffer): readonly Buffer[] {
  return readAll(readDer(der).content).map(({ raw }) => raw);
}
