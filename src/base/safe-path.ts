import { SluiceError } from './errors.js';

const MAX_PATH_BYTES = 1024;
const MAX_NAME_BYTES = 255;
const WINDOWS_DEVICES = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

/**
 * Checks a path that came from outside (a listing, a checksum file) before it names anything on disk.
 * Accepts only relative, forward-slash paths that mean the same on every platform; returns it unchanged.
 * @throws SluiceError UNSAFE_PATH
 */
export function assertSafePath(path: string): string {
  const reason = unsafeReason(path);
  if (reason !== undefined) throw new SluiceError('UNSAFE_PATH', { path: printable(path), reason });
  return path;
}

/** Why the path is refused, or undefined when it is fine. */
export function unsafeReason(path: string): string | undefined {
  if (path === '') return 'empty';
  if (/\p{Surrogate}/u.test(path)) return 'not valid Unicode';
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `longer than ${MAX_PATH_BYTES} bytes`;
  if (path.startsWith('/') || path.startsWith('~')) return 'absolute';
  if (path.includes('\\')) return 'has a backslash';
  if (/^[A-Za-z]:/.test(path)) return 'names a drive';
  if (/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(path)) return 'has a control character';
  for (const name of path.split('/')) {
    if (name === '') return 'has an empty segment';
    if (name === '.' || name === '..') return `has a "${name}" segment`;
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `has a name longer than ${MAX_NAME_BYTES} bytes`;
    if (process.platform === 'win32' && (/[<>:"|?*]|[. ]$/.test(name) || WINDOWS_DEVICES.test(name))) {
      return 'has a name that Windows cannot hold';
    }
  }
  return undefined;
}

/** The path with everything that could disturb a terminal escaped, cut to a readable length. */
export function printable(path: string): string {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return shown.replace(
    /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
