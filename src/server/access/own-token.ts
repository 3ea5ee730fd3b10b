import { createHash, randomBytes, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** By this a token is known to be of a Sluice server: whatever begins so is never shown to an upstream. */
const START = 'hf_slu';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const RANDOM_LETTERS = 32;
const CHECK_LETTERS = 6;

/** A fresh token: `hf_` and 41 letters and digits, as clients want them (llama.cpp drops any with fewer than 34), the last six a checksum. */
export function makeToken(): string {
  const random = Array.from({ length: RANDOM_LETTERS }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return `${START}${random}${checkOf(random)}`;
}

/** Whether it was made by `makeToken`, here or on another server. */
export function isOwnToken(token: string): boolean {
  if (token.length !== START.length + RANDOM_LETTERS + CHECK_LETTERS || !token.startsWith(START)) return false;
  return checkOf(token.slice(START.length, -CHECK_LETTERS)) === token.slice(-CHECK_LETTERS);
}

/** What is kept of a token. It is random enough that nothing slower than SHA-256 is needed. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export function makeTokenId(): string {
  return randomBytes(5).toString('hex');
}

function checkOf(random: string): string {
  let left = crc32(random);
  let letters = '';
  for (let index = 0; index < CHECK_LETTERS; index += 1) {
    letters += LETTERS[left % LETTERS.length] ?? '';
    left = Math.floor(left / LETTERS.length);
  }
  return letters;
}
