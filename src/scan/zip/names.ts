import { FLAGS } from './records.js';

const REGULAR_TYPES = new Set([0, 0o100000, 0o040000]);

/** The name as readers agree on it; undefined where they do not: other letters than ASCII that are not said to be UTF-8, or are not. */
export function decodeName(name: Buffer, flags: number): string | undefined {
  if (name.every((byte) => byte < 0x80)) return name.toString('latin1');
  if ((flags & FLAGS.utf8) === 0) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name);
  } catch {
    return undefined;
  }
}

/** Why a program that unpacks by this name would write somewhere else, or not know where. */
export function hostileName(name: string): string | undefined {
  if (name === '') return 'no name';
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'control characters in its name';
  const parts = name.replaceAll('\\', '/').split('/');
  if (parts[0] === '' || /^[A-Za-z]:/.test(name)) return 'an absolute path';
  if (parts.includes('..')) return 'a path that climbs';
  return undefined;
}

/** Names that some file system or reader takes for the same have the same key. */
export function nameKey(name: string): string {
  return name.replaceAll('\\', '/').normalize('NFC').toLowerCase().replace(/\/$/, '');
}

/** By the mode of Unix in the external attributes, which unpacking programs heed whoever wrote it. */
export function isSpecialFile(attributes: number): boolean {
  return !REGULAR_TYPES.has((attributes >>> 16) & 0o170000);
}
