import { FormatFault } from '../format-fault.js';

const fault = (reason: string): FormatFault => new FormatFault('FORMAT-FAULT', reason);

/** Where a PNG ends: behind IEND. @throws FormatFault */
export function pngEnd(bytes: Buffer): number {
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 12 + bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (end > bytes.length || !/^[A-Za-z]{4}$/.test(type)) throw fault(`a chunk at ${at} that is none`);
    if (type === 'IEND') return end;
    at = end;
  }
  throw fault('no IEND');
}

/** Where a JPEG ends: behind its EOI. @throws FormatFault */
export function jpegEnd(bytes: Buffer): number {
  for (let at = 2; at + 2 <= bytes.length;) {
    if (bytes[at] !== 0xff) throw fault(`no marker at ${at}`);
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xd9) return at + 2;
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2;
    else {
      const length = at + 4 <= bytes.length ? bytes.readUInt16BE(at + 2) : 0;
      if (length < 2 || at + 2 + length > bytes.length) throw fault(`a segment at ${at} that is none`);
      at += 2 + length;
      if (marker === 0xda) at = scanEnd(bytes, at);
    }
  }
  throw fault('no end');
}

/** Entropy-coded data goes on to the next marker that is neither stuffing nor a restart. */
function scanEnd(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1] ?? 0;
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  throw fault('a scan without an end');
}

/** Where a GIF ends: behind its trailer. @throws FormatFault */
export function gifEnd(bytes: Buffer): number {
  const tableBytes = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  const blocksEnd = (from: number): number => {
    for (let at = from; at < bytes.length; at += 1 + (bytes[at] ?? 0)) if (bytes[at] === 0) return at + 1;
    throw fault('blocks without an end');
  };
  let at = 13 + tableBytes(bytes[10] ?? 0);
  while (at < bytes.length) {
    if (bytes[at] === 0x3b) return at + 1;
    if (bytes[at] === 0x21) at = blocksEnd(at + 2);
    else if (bytes[at] === 0x2c) at = blocksEnd(at + 11 + tableBytes(bytes[at + 9] ?? 0));
    else throw fault(`a block at ${at} that is none`);
  }
  throw fault('no trailer');
}

/** Where a RIFF ends, as its own length says; its chunks fill it. @throws FormatFault */
export function riffEnd(bytes: Buffer): number {
  if (bytes.length < 12) throw fault('too short');
  const end = 8 + bytes.readUInt32LE(4);
  if (end > bytes.length) throw fault(`${end} bytes in a file of ${bytes.length}`);
  let at = 12;
  while (at + 8 <= end) at += 8 + bytes.readUInt32LE(at + 4) + (bytes.readUInt32LE(at + 4) % 2);
  if (at < end || at > end + 1) throw fault(`chunks that end at ${at}, not at ${end}`);
  return Math.min(at, bytes.length);
}

/** Where the boxes of ISO media end. @throws FormatFault */
export function boxesEnd(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length) {
    if (at + 8 > bytes.length) throw fault(`half a box at ${at}`);
    const short = bytes.readUInt32BE(at);
    const isLong = short === 1 && at + 16 <= bytes.length;
    const length = short === 0 ? bytes.length - at : isLong ? Number(bytes.readBigUInt64BE(at + 8)) : short;
    if (length < 8 || at + length > bytes.length || !/^[\w -]{4}$/.test(bytes.toString('latin1', at + 4, at + 8)))
      throw fault(`a box at ${at} that is none`);
    at += length;
  }
  return at;
}
