// A plain writer of Xet's chunk records, and weights to put into them.

/** bf16 numbers of about N(0, 0.02), as trained models have them. */
export function weights(lengthBytes) {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const bytes = Buffer.alloc(lengthBytes);
  const bits = new DataView(new ArrayBuffer(4));
  for (let at = 0; at + 1 < lengthBytes; at += 2) {
    bits.setFloat32(0, 0.02 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
    bytes.writeUInt16LE(bits.getUint16(0), at);
  }
  return bytes;
}

/** One record; scheme 0 stores, 1 is an LZ4 frame, 2 one of byte groups. */
export function chunkOf(raw, scheme) {
  const grouped = Buffer.concat([0, 1, 2, 3].map((lane) => raw.filter((_, index) => index % 4 === lane)));
  const payload = scheme === 0 ? raw : frame(scheme === 2 ? grouped : raw);
  const header = Buffer.alloc(8);
  header.writeUIntLE(payload.length, 1, 3);
  header[4] = scheme;
  header.writeUIntLE(raw.length, 5, 3);
  return Buffer.concat([header, payload]);
}

function frame(input) {
  const block = lz4Block(input);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  return Buffer.concat([Buffer.from('04224d18604082', 'hex'), size, block, Buffer.alloc(4)]);
}

/** Greedy, by the last place of every four bytes. */
function lz4Block(input) {
  const out = [];
  const last = new Map();
  const longer = (length) => {
    let rest = length - 15;
    for (; rest >= 255; rest -= 255) out.push(255);
    out.push(rest);
  };
  let anchor = 0;
  let at = 0;
  while (at + 12 <= input.length) {
    const key = input.readUInt32LE(at);
    const found = last.get(key);
    last.set(key, at);
    if (found === undefined || at - found > 65_535) {
      at += 1;
      continue;
    }
    let length = 4;
    while (at + length < input.length - 5 && input[found + length] === input[at + length]) length += 1;
    const literals = at - anchor;
    out.push((Math.min(15, literals) << 4) | Math.min(15, length - 4));
    if (literals >= 15) longer(literals);
    for (let place = anchor; place < at; place += 1) out.push(input[place]);
    out.push((at - found) & 255, (at - found) >>> 8);
    if (length - 4 >= 15) longer(length - 4);
    at += length;
    anchor = at;
  }
  const literals = input.length - anchor;
  out.push(Math.min(15, literals) << 4);
  if (literals >= 15) longer(literals);
  return Buffer.concat([Buffer.from(out), input.subarray(anchor)]);
}
