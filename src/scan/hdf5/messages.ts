import { fault, part, u16, u64, u8 } from './blocks.js';

/** Header messages by their numbers in the format's specification. */
export const MESSAGE = {
  space: 0x01,
  linkInfo: 0x02,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;
/** Those that describe and lead nowhere: empty, space, type, fill values, group info, comment, times, tree sizes, count of links, use of space. */
export const DESCRIBING: ReadonlySet<number> = new Set([
  0x00, 0x01, 0x03, 0x04, 0x05, 0x0a, 0x0d, 0x0e, 0x12, 0x13, 0x16, 0x17,
]);

export type Link =
  | { readonly kind: 'hard'; readonly address: number }
  | { readonly kind: 'soft' }
  | { readonly kind: 'outside'; readonly target: string };

export function readLink(message: Buffer): Link {
  if (u8(message, 0) !== 1) throw fault('a link of an unknown version');
  const flags = u8(message, 1);
  let at = 2;
  const type = flags & 8 ? u8(message, at++) : 0;
  if (flags & 4) at += 8;
  if (flags & 16) at += 1;
  const width = 1 << (flags & 3);
  const nameBytes = part(message, at, width).readUIntLE(0, Math.min(width, 6));
  at += width + nameBytes;
  if (type === 0) {
    const address = u64(message, at);
    if (address === undefined) throw fault('a link to nowhere');
    return { kind: 'hard', address };
  }
  if (type === 1) return { kind: 'soft' };
  return {
    kind: 'outside',
    target: part(message, at + 2, u16(message, at))
      .toString('latin1')
      .replaceAll('\0', ' '),
  };
}

/** The numbers of the filters in a pipeline. */
export function readFilters(message: Buffer): number[] {
  const version = u8(message, 0);
  if (version !== 1 && version !== 2) throw fault('filters of an unknown version');
  const ids: number[] = [];
  let at = version === 1 ? 8 : 2;
  for (let left = u8(message, 1); left > 0; left -= 1) {
    const id = u16(message, at);
    const hasName = version === 1 || id >= 256;
    const nameBytes = hasName ? u16(message, at + 2) : 0;
    const values = u16(message, at + (hasName ? 6 : 4));
    at += (hasName ? 8 : 6) + (version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes);
    at += 4 * (version === 1 ? values + (values % 2) : values);
    ids.push(id);
  }
  return ids;
}

export interface Attribute {
  readonly name: string;
  /** Fixed text as it stands; variable text by its places in global heaps. */
  readonly text: string | undefined;
  readonly references: readonly { readonly address: number; readonly index: number }[];
}

const [STRING, VARIABLE] = [3, 9];
const REFERENCE_BYTES = 16;

export function readAttribute(message: Buffer): Attribute {
  const version = u8(message, 0);
  if (version < 1 || version > 3) throw fault('an attribute of an unknown version');
  // A type that several objects share stands elsewhere: what the value is is not known here.
  if (version > 1 && (u8(message, 1) & 3) !== 0) throw fault('an attribute of a shared type');
  const padded = (length: number): number => (version === 1 ? Math.ceil(length / 8) * 8 : length);
  const [nameBytes, typeBytes, spaceBytes] = [u16(message, 2), u16(message, 4), u16(message, 6)];
  let at = version === 3 ? 9 : 8;
  const name = part(message, at, nameBytes).toString().replace(/\0.*$/s, '');
  at += padded(nameBytes);
  const type = part(message, at, typeBytes);
  at += padded(typeBytes) + padded(spaceBytes);
  const value = message.subarray(at);
  const kind = u8(type, 0) & 15;
  if (kind === STRING) return { name, text: value.toString().replaceAll('\0', ''), references: [] };
  if (kind !== VARIABLE && /config/i.test(name)) throw fault(`the attribute ${name}, which is no text`);
  if (kind !== VARIABLE) return { name, text: undefined, references: [] };
  const references: { address: number; index: number }[] = [];
  for (let each = 0; each + REFERENCE_BYTES <= value.length; each += REFERENCE_BYTES) {
    const address = u64(value, each + 4);
    if (address !== undefined && address > 0 && value.readUInt32LE(each) > 0)
      references.push({ address, index: value.readUInt32LE(each + 12) });
  }
  return { name, text: undefined, references };
}
