const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;
const CHECKSUM_LETTERS = 6;

/** The bytes behind a Bech32 text (BIP 173) with this prefix, of any length; undefined where prefix, checksum or padding are not right. */
export function bech32Bytes(text: string, prefix: string): Buffer | undefined {
  const lower = text.toLowerCase();
  if (lower !== text && text.toUpperCase() !== text) return undefined;
  const head = prefix.toLowerCase();
  if (!lower.startsWith(`${head}1`) || lower.lastIndexOf('1') !== head.length) return undefined;
  const values = Array.from(lower.slice(head.length + 1), (letter) => LETTERS.indexOf(letter));
  if (values.length < CHECKSUM_LETTERS || values.includes(-1)) return undefined;
  const codes = Array.from(head, (letter) => letter.charCodeAt(0));
  const expanded = [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
  return polymod([...expanded, ...values]) === 1 ? eights(values.slice(0, -CHECKSUM_LETTERS)) : undefined;
}

function polymod(values: readonly number[]): number {
  let check = 1;
  for (const value of values) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    GENERATOR.forEach((term, bit) => {
      if (((top >>> bit) & 1) === 1) check ^= term;
    });
  }
  return check >>> 0;
}

function eights(fives: readonly number[]): Buffer | undefined {
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (const five of fives) {
    held = (held << 5) | five;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >>> bits) & 0xff);
    held &= (1 << bits) - 1;
  }
  return bits >= 5 || held !== 0 ? undefined : Buffer.from(bytes);
}
