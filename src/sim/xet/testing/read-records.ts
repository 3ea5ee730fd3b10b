/** Reads a run of chunk records, strictly: a decoder of its own, that shares nothing with the encoder. */
export interface ReadRecord {
  readonly scheme: number;
  readonly bytes: Buffer;
}

export function readRecords(body: Buffer): ReadRecord[] {
  const records: ReadRecord[] = [];
  for (let at = 0; at < body.length;) {
    const head = body.subarray(at, at + 8);
    if (head.length < 8 || head[0] !== 0) throw new Error(`No record at ${at}`);
    const packed = head.readUIntLE(1, 3);
    const scheme = head.readUInt8(4);
    const size = head.readUIntLE(5, 3);
    const payload = body.subarray(at + 8, at + 8 + packed);
    if (payload.length !== packed || size > 131_072) throw new Error(`The record at ${at} is cut or too long`);
    const bytes = decode(scheme, payload, size);
    if (bytes.length !== size) throw new Error(`The record at ${at} has ${bytes.length} bytes of ${size}`);
    records.push({ scheme, bytes });
    at += 8 + packed;
  }
  return records;
}

function decode(scheme: number, payload: Buffer, size: number): Buffer {
  if (scheme === 0) return payload;
  if (scheme === 1) return readFrame(payload);
  if (scheme === 2) return ungroup(readFrame(payload), size);
  throw new Error(`Scheme ${scheme}`);
}

/** An LZ4 frame without checksums and without a content size. */
export function readFrame(frame: Buffer): Buffer {
  if (frame.readUInt32LE(0) !== 0x184d2204 || frame[4] !== 0x60) throw new Error('Not such a frame');
  const maxBlock = { 0x40: 64 * 1024, 0x50: 256 * 1024 }[frame[5] ?? 0];
  const blocks: Buffer[] = [];
  for (let at = 7; ;) {
    const word = frame.readUInt32LE(at);
    at += 4;
    if (word === 0) {
      if (at !== frame.length) throw new Error('Bytes behind the end mark');
      return Buffer.concat(blocks);
    }
    const length = word & 0x7fff_ffff;
    const block = frame.subarray(at, at + length);
    if (block.length !== length) throw new Error('The block is cut');
    const bytes = word >>> 31 === 1 ? block : readBlock(block);
    if (maxBlock === undefined || bytes.length > maxBlock) throw new Error('The block is too large');
    blocks.push(bytes);
    at += length;
  }
}

function readBlock(block: Buffer): Buffer {
  const out: number[] = [];
  const match = { start: -Infinity, end: -Infinity };
  let at = 0;
  const byte = (): number => {
    const value = block[at];
    if (value === undefined) throw new Error('The block ends within a sequence');
    at += 1;
    return value;
  };
  const length = (nibble: number): number => {
    let total = nibble;
    for (let more = nibble === 15 ? 255 : 0; more === 255; total += more) more = byte();
    return total;
  };
  for (;;) {
    const token = byte();
    for (let count = length(token >>> 4); count > 0; count -= 1) out.push(byte());
    if (at === block.length) {
      // Some decoders rely on it: no match begins in the last 12 bytes or reaches into the last 5.
      if (out.length - match.start < 12 || out.length - match.end < 5) throw new Error('A match is too near the end');
      return Buffer.from(out);
    }
    const distance = byte() | (byte() << 8);
    if (distance === 0 || distance > out.length) throw new Error('A match begins before the start');
    const from = out.length - distance;
    const count = length(token & 15) + 4;
    match.start = out.length;
    for (let index = 0; index < count; index += 1) out.push(out[from + index] ?? 0);
    match.end = out.length;
    if (at >= block.length) throw new Error('The block ends with a match');
  }
}

function ungroup(grouped: Buffer, size: number): Buffer {
  if (grouped.length !== size) return grouped;
  const out = Buffer.alloc(size);
  let from = 0;
  for (let lane = 0; lane < 4; lane += 1) {
    for (let to = lane; to < size; to += 4, from += 1) out[to] = grouped[from] ?? 0;
  }
  return out;
}
