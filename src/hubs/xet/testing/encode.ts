/** A writer of xorbs for tests: plain and small, with every kind of block that a frame may have. */

export interface FrameOptions {
  /** Input bytes per block. */
  readonly blockBytes?: number;
  readonly linked?: boolean;
  readonly checksums?: boolean;
  readonly contentSize?: boolean;
}

/** One LZ4 block: greedy, by a table of the last place of every four bytes. `history` is what matches may reach back to before `from`. */
export function lz4Block(input: Uint8Array, from: number, end: number, history: number): Buffer {
  const out: number[] = [];
  const last = new Map<number, number>();
  const four = (at: number): number =>
    (input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16) | (input[at + 3]! << 24)) >>> 0;
  const longer = (length: number): void => {
    let rest = length - 15;
    for (; rest >= 255; rest -= 255) out.push(255);
    out.push(rest);
  };
  for (let at = history; at + 4 <= from; at += 1) last.set(four(at), at);
  let anchor = from;
  let at = from;
  // The format wants five literals at the end and no match within the last twelve bytes.
  while (at + 12 <= end) {
    const key = four(at);
    const found = last.get(key);
    last.set(key, at);
    if (found === undefined || at - found > 65_535) {
      at += 1;
      continue;
    }
    let length = 4;
    while (at + length < end - 5 && input[found + length] === input[at + length]) length += 1;
    const literals = at - anchor;
    out.push((Math.min(15, literals) << 4) | Math.min(15, length - 4));
    if (literals >= 15) longer(literals);
    for (let place = anchor; place < at; place += 1) out.push(input[place]!);
    out.push((at - found) & 255, (at - found) >>> 8);
    if (length - 4 >= 15) longer(length - 4);
    at += length;
    anchor = at;
  }
  const literals = end - anchor;
  out.push(Math.min(15, literals) << 4);
  if (literals >= 15) longer(literals);
  return Buffer.concat([Buffer.from(out), input.subarray(anchor, end)]);
}

/** An LZ4 frame. Its checksums are zeros: readers of Xet pass over them. */
export function lz4Frame(input: Uint8Array, options: FrameOptions = {}): Buffer {
  const { blockBytes = 65_536, linked = false, checksums = false, contentSize = false } = options;
  const flags = 0x40 | (linked ? 0 : 0x20) | (checksums ? 0x14 : 0) | (contentSize ? 0x08 : 0);
  const size = Buffer.alloc(contentSize ? 8 : 0);
  if (contentSize) size.writeUInt32LE(input.length);
  const parts: Uint8Array[] = [
    Buffer.from([0x04, 0x22, 0x4d, 0x18, flags, blockBytes <= 65_536 ? 0x40 : 0x50]),
    size,
    Buffer.of(0),
  ];
  for (let from = 0; from < input.length; from += blockBytes) {
    const end = Math.min(input.length, from + blockBytes);
    const packed = lz4Block(input, from, end, linked ? 0 : from);
    const isStored = packed.length >= end - from;
    const head = Buffer.alloc(4);
    head.writeUInt32LE(((isStored ? 0x80000000 : 0) | (isStored ? end - from : packed.length)) >>> 0);
    parts.push(head, isStored ? Buffer.from(input.subarray(from, end)) : packed, Buffer.alloc(checksums ? 4 : 0));
  }
  parts.push(Buffer.alloc(4), Buffer.alloc(checksums ? 4 : 0));
  return Buffer.concat(parts);
}

/** BG4: the bytes at 0, 4, 8 …, then those at 1, 5, 9 …, and so on. */
export function group4(input: Uint8Array): Buffer {
  return Buffer.concat([0, 1, 2, 3].map((lane) => Buffer.from(input.filter((_, index) => index % 4 === lane))));
}

/** One record: header and payload. */
export function chunkRecord(raw: Uint8Array, scheme: number, options: FrameOptions = {}): Buffer {
  const payload = scheme === 0 ? raw : lz4Frame(scheme === 2 ? group4(raw) : raw, options);
  const header = Buffer.alloc(8);
  header.writeUIntLE(payload.length, 1, 3);
  header[4] = scheme;
  header.writeUIntLE(raw.length, 5, 3);
  return Buffer.concat([header, payload]);
}
