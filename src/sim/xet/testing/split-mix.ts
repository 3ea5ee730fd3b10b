const MASK = (1n << 64n) - 1n;

/** The bytes that implementations of Xet test with: SplitMix64 from seed 0, little-endian. */
export function splitMix(sizeBytes: number): Buffer {
  const out = Buffer.alloc(Math.ceil(sizeBytes / 8) * 8);
  let state = 0n;
  for (let at = 0; at < out.length; at += 8) {
    state = (state + 0x9e3779b97f4a7c15n) & MASK;
    let mixed = ((state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & MASK;
    out.writeBigUInt64LE(mixed ^ (mixed >> 31n), at);
  }
  return out.subarray(0, sizeBytes);
}
