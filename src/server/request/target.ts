/** What a request asks for. */
export interface Target {
  /** Still percent-encoded, ASCII, beginning with `/`. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Longest target: a path of 1,024 bytes, each percent-encoded and again within a query, is far from it. */
export const MAX_TARGET_BYTES = 16 * 1024;

/**
 * The target of a request, in origin form only. Undefined for anything that could mean something else to somebody behind us: absolute
 * forms, control characters (also encoded), encodings that are broken or no UTF-8, backslashes, and segments that climb, also within
 * segments whose slashes are encoded. Faces decode what they are given once, and no more.
 */
export function parseTarget(target: string): Target | undefined {
  if (!target.startsWith('/') || target.length > MAX_TARGET_BYTES) return undefined;
  // Node gives raw bytes as Latin-1. Some clients send UTF-8 as it is.
  const ascii = target.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
  if (!/^[\x21-\x7e]+$/.test(ascii) || /[\\#]|%(?:[01][0-9a-f]|7f)/i.test(ascii)) return undefined;
  const mark = ascii.indexOf('?');
  const path = mark < 0 ? ascii : ascii.slice(0, mark);
  const decoded = decode(path);
  if (decoded === undefined || decoded.split(/[/\\]/).some((part) => part === '.' || part === '..')) return undefined;
  return { path, query: new URLSearchParams(mark < 0 ? '' : ascii.slice(mark + 1)) };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
