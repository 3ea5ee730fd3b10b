import type { PicklePayload } from './port.js';

/** Shorter than any pickle that imports something (`cos\nsystem\n`), or any archive. */
const FEWEST_BYTES = 4;
const FEWEST_CODED = 16;
const NEWLINE = 0x0a;
const ARCHIVE_STARTS = ['504b0304', '1f8b08', '377abcaf271c'].map((hex) => Buffer.from(hex, 'hex'));
const ZLIB_LEVELS = new Set([0x01, 0x5e, 0x9c, 0xda]);
const CODE_SIGNS = new Set(Buffer.from('+/-_', 'latin1'));
/** STACK_GLOBAL, NEWOBJ, EXT1 to EXT4. */
const IMPORTING = new Set([0x93, 0x81, 0x82, 0x83, 0x84]);
/** What pickles of text begin with that import something: `c`, `(`, and literals in front of them. */
const TEXT_STARTS = new Set(Buffer.from('c(i]})NIJKMLFGSTUVX0', 'latin1'));

/**
 * Whether bytes [start, end) of `window`, the beginning of a value of `lengthBytes`, look like a pickle or an archive, as they are or under base64
 * or hex. Cheap and generous: asked of every value there is, and the answer is proven by reading what was found.
 */
export function payloadCoding(
  window: Buffer,
  start: number,
  end: number,
  lengthBytes: number,
): PicklePayload['coding'] | undefined {
  if (lengthBytes < FEWEST_BYTES) return undefined;
  if (looksLikeFile(window, start, end)) return 'raw';
  if (lengthBytes < FEWEST_CODED || end - start < FEWEST_CODED) return undefined;
  for (let at = start; at < start + FEWEST_CODED; at += 1) if (!isCodeCharacter(window[at] ?? 0)) return undefined;
  const head = window.toString('latin1', start, Math.min(end, start + 256));
  if (/^[0-9a-fA-F]{16}/.test(head)) {
    const decoded = Buffer.from(head, 'hex');
    if (looksLikeFile(decoded, 0, decoded.length)) return 'hex';
  }
  const decoded = Buffer.from(head, 'base64');
  return looksLikeFile(decoded, 0, decoded.length) ? 'base64' : undefined;
}

export function beginsLikeArchive(window: Buffer, start = 0): boolean {
  const first = window[start] ?? 0;
  return ARCHIVE_STARTS.some(
    (magic) => first === magic[0] && magic.equals(window.subarray(start, start + magic.length)),
  );
}

export function beginsLikeZlib(window: Buffer, start = 0): boolean {
  return window[start] === 0x78 && ZLIB_LEVELS.has(window[start + 1] ?? 0);
}

function looksLikeFile(window: Buffer, start: number, end: number): boolean {
  const first = window[start] ?? 0;
  if (first === 0x80) return (window[start + 1] ?? 0) >= 2 && (window[start + 1] ?? 0) <= 5;
  if (beginsLikeZlib(window, start) || beginsLikeArchive(window, start)) return true;
  return mayBeTextPickle(window, start, end, first);
}

function mayBeTextPickle(window: Buffer, start: number, end: number, first: number): boolean {
  if (!TEXT_STARTS.has(first) && first < 0x85) return false;
  const until = Math.min(end, start + 1024);
  for (let at = start + 1; at < until; at += 1) {
    const byte = window[at] ?? 0;
    if (byte === NEWLINE || IMPORTING.has(byte)) return true;
  }
  return false;
}

function isCodeCharacter(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    CODE_SIGNS.has(byte)
  );
}
