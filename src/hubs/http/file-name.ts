import { unsafeReason } from '../../base/index.js';

const FALLBACK = 'download';

/**
 * The name for a single file: that of `Content-Disposition` (RFC 6266; `filename*` before `filename`), else the last segment of
 * the URL's path. Only the last part of a name with folders is taken, and only one that is safe to write.
 */
export function fileName(url: string, disposition: string | undefined): string {
  const candidates = [extendedName(disposition), plainName(disposition), lastSegment(url)];
  for (const candidate of candidates) {
    const name = candidate?.split(/[/\\]/).at(-1)?.trim();
    // A name that hides itself, or that our own files could have, is not a server's to choose.
    if (name !== undefined && unsafeReason(name) === undefined && !name.startsWith('.')) return name;
  }
  return FALLBACK;
}

/** The last segment of a URL's path, decoded; empty for a folder. */
export function lastSegment(url: string): string {
  return decode(new URL(url).pathname.split('/').at(-1) ?? '');
}

/** `filename*=UTF-8''na%C3%AFve.bin` (RFC 8187). */
function extendedName(disposition: string | undefined): string | undefined {
  const match = /(?:^|;)\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]*)/i.exec(disposition ?? '');
  const text = match?.[2];
  if (text === undefined) return undefined;
  if (match?.[1]?.toLowerCase() === 'utf-8') return decodeStrict(text);
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

function plainName(disposition: string | undefined): string | undefined {
  const text = disposition ?? '';
  const quoted = /(?:^|;)\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(text)?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(.)/g, '$1');
  return /(?:^|;)\s*filename\s*=\s*([^;"\s]+)/i.exec(text)?.[1];
}

function decodeStrict(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function decode(text: string): string {
  return decodeStrict(text) ?? text;
}
