import type { Format } from '../port.js';
import { ScanReport } from '../report.js';

/** By their first bytes, in hex. No program of ours unpacks them, so nobody here can say what is in them. */
const MAGICS: readonly (readonly [name: string, magic: RegExp])[] = [
  ['7z', /^377abcaf271c/],
  ['rar', /^526172211a07/],
  ['xz', /^fd377a585a00/],
  ['bzip2', /^425a683[1-9]314159265359/],
  ['zstd', /^28b52ffd/],
  ['lz4', /^(?:04224d18|02214c18)/],
  // Properties as every encoder writes them, a dictionary of at least 4 KiB, and a length that is unknown or below 2^40.
  ['lzma', /^5d0000(?!0000)[0-9a-f]{4}(?:f{16}|[0-9a-f]{10}0{6})/],
  ['compress', /^1f9d[89]/],
  ['cab', /^4d53434600000000/],
  ['joblib before 0.10', /^5a463078/],
];

export const archivesFormat: Format = {
  format: 'archive',
  claims: (start) => nameOf(start) !== undefined,
  async scan(bytes, context) {
    const report = new ScanReport(context);
    const start = await bytes.read(0, Math.min(64, bytes.sizeBytes));
    report.find('PACKED-UNREADABLE', `packed as ${nameOf(start) ?? 'something'}`, { verdict: 'NOT_SCANNED' });
    report.claim(0, bytes.sizeBytes, 'packed bytes');
    return report.result('archive');
  },
};

function nameOf(start: Buffer): string | undefined {
  const hex = start.toString('hex', 0, 16);
  return MAGICS.find(([, magic]) => magic.test(hex))?.[0];
}
