import { isUtf8 } from 'node:buffer';
import type { ByteSource } from '../port.js';

/** `surrogates`: not UTF-8, but what Python makes of lone surrogates (`surrogatepass`), which other readers refuse. */
export type Utf8Verdict = 'utf8' | 'surrogates' | 'wrong';

export function judgeUtf8(bytes: Buffer): Utf8Verdict {
  if (isUtf8(bytes)) return 'utf8';
  const patched = Buffer.from(bytes);
  for (let at = patched.indexOf(0xed); at !== -1; at = patched.indexOf(0xed, at + 1)) {
    const second = patched[at + 1] ?? 0;
    // ED A0…BF xx is a surrogate; ED 80 xx in its place is a character.
    if (second >= 0xa0 && second <= 0xbf) patched[at + 1] = 0x80;
  }
  return isUtf8(patched) ? 'surrogates' : 'wrong';
}

const BLOCK_BYTES = 1024 * 1024;

/** The same for text that is not kept, block by block. */
export async function judgeLongUtf8(bytes: ByteSource, startByte: number, lengthBytes: number): Promise<Utf8Verdict> {
  let verdict: Utf8Verdict = 'utf8';
  const endByte = startByte + lengthBytes;
  for (let at = startByte; at < endByte;) {
    const isLast = endByte - at <= BLOCK_BYTES;
    const block = await bytes.read(at, isLast ? endByte - at : BLOCK_BYTES);
    const whole = isLast ? block : block.subarray(0, block.length - unfinished(block));
    const judged = judgeUtf8(whole);
    if (judged === 'wrong') return 'wrong';
    if (judged === 'surrogates') verdict = 'surrogates';
    at += whole.length;
  }
  return verdict;
}

/** How many bytes at the end belong to a character that goes on behind it: 0 to 3. */
function unfinished(block: Buffer): number {
  for (let back = 1; back <= Math.min(3, block.length); back += 1) {
    const byte = block[block.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}
