import { PickleBreak } from './break.js';
import { LIMITS } from './limits.js';

/** What a line of text stands for, and whether every reader reads it so. */
export interface TextArgument<Value> {
  readonly value: Value;
  readonly isCanonical: boolean;
}

const INT = /^-?(?:0|[1-9][0-9]*)$/;
const FLOAT = /^-?(?:[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|inf|nan)$/;
const INDEX = /^(?:0|[1-9][0-9]*)$/;

/** INT: `00` and `01` are the truth values. C reads in base 0, pickletools in base 10. */
export function intArgument(line: string): TextArgument<bigint | boolean> {
  if (line === '00' || line === '01') return { value: line === '01', isCanonical: true };
  return decimal(line);
}

/** LONG: the same with an L behind it. */
export function longArgument(line: string): TextArgument<bigint> {
  if (!line.endsWith('L')) return { value: decimal(line).value, isCanonical: false };
  return decimal(line.slice(0, -1));
}

function decimal(digits: string): TextArgument<bigint> {
  const isCanonical = INT.test(digits) && digits.length <= LIMITS.decimalDigits;
  return { value: isCanonical ? BigInt(digits) : 0n, isCanonical };
}

/** FLOAT. What is too large is infinite to Python's reader and an error to C's. */
export function floatArgument(line: string): TextArgument<number> {
  if (!FLOAT.test(line)) return { value: 0, isCanonical: false };
  if (line.endsWith('inf')) return { value: line.startsWith('-') ? -Infinity : Infinity, isCanonical: true };
  if (line.endsWith('nan')) return { value: NaN, isCanonical: true };
  const value = Number(line);
  return { value, isCanonical: Number.isFinite(value) };
}

/** GET and PUT. @throws PickleBreak for what is no number to anybody */
export function indexArgument(line: string): TextArgument<number> {
  if (INDEX.test(line) && line.length <= 15) return { value: Number(line), isCanonical: true };
  if (/^\s*\+?[0-9_]{1,15}\s*$/.test(line)) return { value: Number(line.replace(/[^0-9]/g, '')), isCanonical: false };
  throw new PickleBreak('a place in the memo that is no number');
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
const QUOTED_PARTS = {
  "'": /^(?:[\x20-\x26\x28-\x5b\x5d-\x7e]|\\(?:[\\'"nrt]|x[0-7][0-9a-f]))*$/,
  '"': /^(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\(?:[\\'"nrt]|x[0-7][0-9a-f]))*$/,
};

/** STRING: as `repr` of Python 2 writes a text of ASCII. */
export function stringArgument(line: string): TextArgument<string> {
  const quote = line[0];
  const inner = line.slice(1, -1);
  const isQuoted = (quote === "'" || quote === '"') && line.length >= 2 && line.endsWith(quote);
  if (!isQuoted) throw new PickleBreak('a string without quotes');
  const value = inner.replace(
    /\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g,
    (_, hex: string | undefined, escaped: string | undefined) =>
      hex === undefined ? (ESCAPES[escaped ?? ''] ?? escaped ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return { value, isCanonical: QUOTED_PARTS[quote].test(inner) };
}

const RAW_UNICODE = /^(?:[^\0\n\r\x1a\\]|\\u[0-9a-fA-F]{4}|\\U00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})*$/;

/** UNICODE: `raw-unicode-escape`, other bytes as latin1. */
export function unicodeArgument(line: string): TextArgument<string> {
  const value = line.replace(
    /\\(?:u([0-9a-fA-F]{4})|U00((?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4}))/g,
    (_, short: string | undefined, long: string | undefined) =>
      String.fromCodePoint(Number.parseInt(short ?? long ?? '0', 16)),
  );
  // Two escaped halves are one character here and two to Python.
  const hasSurrogate = /\\(?:u|U0000)[dD][89a-fA-F]/.test(line);
  return { value, isCanonical: RAW_UNICODE.test(line) && !hasSurrogate };
}
