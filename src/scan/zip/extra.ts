import type { Attribution } from '../port.js';
import type { ExtraField } from './records.js';

/** Extra fields whose content says nothing but times, owners and sizes (APPNOTE.TXT 4.5.2 and Info-ZIP's extrafld.txt). */
const HARMLESS = new Set([0x0001, 0x000a, 0x5455, 0x5855, 0x7855, 0x7875]);
/** What PyTorch aligns its records by, and zipalign. */
const PADDING = new Set([0x4246, 0xd935]);
/** Another name for the member, which some readers take (Info-ZIP's Unicode path), and AES. */
const UNICODE_PATH = 0x7075;
const AES = 0x9901;

export function hasOtherName(extra: readonly ExtraField[]): boolean {
  return extra.some(({ id }) => id === UNICODE_PATH);
}

export function isAes(extra: readonly ExtraField[]): boolean {
  return extra.some(({ id }) => id === AES);
}

/** The bytes of a header at `startByte`, without those extra fields that could hold anything. */
export function* attributeRecord(
  startByte: number,
  recordBytes: number,
  extra: readonly ExtraField[],
  what: string,
): Generator<Attribution> {
  let at = startByte;
  for (const { id, content, startByte: place } of extra) {
    if (HARMLESS.has(id) || (PADDING.has(id) && isPadding(id, content))) continue;
    const contentAt = startByte + place + 4;
    yield { startByte: at, endByte: contentAt, what };
    at = contentAt + content.length;
  }
  yield { startByte: at, endByte: startByte + recordBytes, what };
}

function isPadding(id: number, content: Buffer): boolean {
  // zipalign's begins with the alignment.
  const filler = id === 0xd935 ? content.subarray(2) : content;
  return filler.every((byte) => byte === 0 || byte === 0x5a);
}
