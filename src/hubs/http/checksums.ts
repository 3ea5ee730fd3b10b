import { SluiceError, printable, type DigestAlgorithm, type Digests } from '../../base/index.js';
import { MAX_CHECKSUM_LINES } from '../limits.js';

/** What a checksum file says of one file. */
export interface ChecksumEntry {
  /** As written, without `./`; undefined for a bare digest, which is of the file that the list is named after. Not yet checked for safety. */
  readonly path: string | undefined;
  readonly digests: Digests;
}

const BY_LENGTH: Readonly<Record<number, DigestAlgorithm>> = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' };
const BY_NAME: Readonly<Record<string, DigestAlgorithm>> = {
  md5: 'md5',
  sha1: 'sha1',
  sha256: 'sha256',
  'sha2-256': 'sha256',
  sha512: 'sha512',
  'sha2-512': 'sha512',
};

/**
 * Reads a checksum file as `sha256sum` and its kin write it (`<hex>  name`, `<hex> *name`, `\<hex>  escaped\nname`), BSD and `--tag` lines
 * (`SHA256 (name) = <hex>`), and a single bare digest. Lines for the same file are merged; comments, empty lines and the wrapping of a
 * PGP-signed message are passed over.
 * @throws SluiceError BAD_MANIFEST, naming `host`, for any other line, a contradiction, or nothing at all
 */
export function parseChecksums(text: string, host: string): readonly ChecksumEntry[] {
  const refuse = (reason: string): SluiceError => new SluiceError('BAD_MANIFEST', { host, reason });
  const lines = contentLines(text);
  if (lines.length > MAX_CHECKSUM_LINES) throw refuse(`a checksum file of more than ${MAX_CHECKSUM_LINES} lines`);
  const entries = new Map<string, ChecksumEntry>();
  for (const line of lines) {
    const entry = parseTagged(line) ?? parsePlain(line);
    if (entry === undefined) throw refuse(`no checksum line: "${printable(line.slice(0, 100))}"`);
    if (entry.path === undefined && lines.length > 1) throw refuse('a digest without a name among others');
    const key = entry.path ?? '';
    entries.set(key, merge(entries.get(key), entry, refuse));
  }
  if (entries.size === 0) throw refuse('an empty checksum file');
  return [...entries.values()];
}

/** Lines that say something: without the armour of a signed message, comments and blanks. */
function contentLines(text: string): string[] {
  const all = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const isSigned = all[0] === '-----BEGIN PGP SIGNED MESSAGE-----';
  const start = isSigned ? all.indexOf('') + 1 : 0;
  const signature = isSigned ? all.indexOf('-----BEGIN PGP SIGNATURE-----') : -1;
  return all
    .slice(start, signature < 0 ? undefined : signature)
    .map((line) => (isSigned && line.startsWith('- ') ? line.slice(2) : line))
    .filter((line) => line.trim() !== '' && !line.startsWith('#') && !line.startsWith(';'));
}

function parseTagged(line: string): ChecksumEntry | undefined {
  const isEscaped = line.startsWith('\\');
  const open = line.indexOf(' (');
  const close = line.lastIndexOf(') = ');
  if (open < 0 || close < open) return undefined;
  const name = line.slice(isEscaped ? 1 : 0, open).toLowerCase();
  const algorithm = Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined;
  const hex = line
    .slice(close + 4)
    .trim()
    .toLowerCase();
  if (algorithm === undefined || algorithmOf(hex) !== algorithm) return undefined;
  return makeEntry(line.slice(open + 2, close), isEscaped, algorithm, hex);
}

function parsePlain(line: string): ChecksumEntry | undefined {
  const isEscaped = line.startsWith('\\');
  const rest = isEscaped ? line.slice(1) : line;
  const length = /^[0-9a-f]*/i.exec(rest)?.[0].length ?? 0;
  const hex = rest.slice(0, length).toLowerCase();
  const algorithm = algorithmOf(hex);
  if (algorithm === undefined) return undefined;
  const tail = rest.slice(length);
  if (tail.trim() === '') return { path: undefined, digests: { [algorithm]: hex } };
  // Two characters part the name from the digest; some tools write one blank, or a tab.
  const path = /^ [ *]./.test(tail) ? tail.slice(2) : /^[ \t]./.test(tail) ? tail.trimStart() : '';
  return path === '' ? undefined : makeEntry(path, isEscaped, algorithm, hex);
}

function makeEntry(written: string, isEscaped: boolean, algorithm: DigestAlgorithm, hex: string): ChecksumEntry {
  const path = isEscaped ? unescape(written) : written;
  return { path: path.startsWith('./') ? path.slice(2) : path, digests: { [algorithm]: hex } };
}

function algorithmOf(hex: string): DigestAlgorithm | undefined {
  return /^[0-9a-f]+$/.test(hex) ? BY_LENGTH[hex.length] : undefined;
}

function unescape(text: string): string {
  const meanings: Readonly<Record<string, string>> = { n: '\n', r: '\r', '\\': '\\' };
  return text.replace(/\\([nr\\])/g, (whole, character: string) => meanings[character] ?? whole);
}

function merge(
  before: ChecksumEntry | undefined,
  entry: ChecksumEntry,
  refuse: (reason: string) => SluiceError,
): ChecksumEntry {
  if (before === undefined) return entry;
  for (const [algorithm, hex] of Object.entries(entry.digests)) {
    const known = before.digests[algorithm as DigestAlgorithm];
    if (known !== undefined && known !== hex) throw refuse(`two different digests for ${printable(entry.path ?? '')}`);
  }
  return { path: entry.path, digests: { ...before.digests, ...entry.digests } };
}
