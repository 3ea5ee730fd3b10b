import { createHash } from 'node:crypto';

const LONGEST = 180;

/**
 * The file name of a document: capitals and everything unusual as `%hh`, so that names which differ only in case stay
 * apart everywhere and no name leaves its folder. Names that would be too long end in `~` and their SHA-256.
 */
export function documentFileName(name: string): string {
  const bytes = [...Buffer.from(name)];
  const safe = bytes.map((byte) => (isPlain(byte) ? String.fromCharCode(byte) : `%${hex(byte)}`)).join('');
  // A leading dot would hide the file, or mean a folder.
  const encoded = safe.startsWith('.') ? `%2e${safe.slice(1)}` : safe;
  if (encoded.length <= LONGEST) return `${encoded}.json`;
  return `${encoded.slice(0, 100)}~${createHash('sha256').update(name).digest('hex')}.json`;
}

function isPlain(byte: number): boolean {
  return /[a-z0-9._-]/.test(String.fromCharCode(byte));
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
