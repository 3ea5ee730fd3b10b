import type { ByteSource, Format, FormatScan, ScanContext } from '../port.js';
import { ScanReport } from '../report.js';
import { unpack } from './inflate.js';

/** One zlib stream (RFC 1950), as joblib writes by default when it packs. */
export const zlibFormat: Format = {
  format: 'zlib',
  claims: isZlib,
  async scan(bytes: ByteSource, context: ScanContext): Promise<FormatScan> {
    const report = new ScanReport(context);
    const unpacked = await unpack(bytes, 'zlib');
    report.claim(0, unpacked.packedBytes, 'packed bytes');
    if (unpacked.fault === 'ratio') {
      report.find('PACKED-RATIO', 'more than 200 times as long unpacked', { verdict: 'NOT_SCANNED' });
      return report.result('zlib');
    }
    if (unpacked.fault !== undefined) report.find('PACKED-FAULT', 'it breaks off', { verdict: 'ERROR' });
    else if (unpacked.packedBytes < bytes.sizeBytes) {
      const evidence = `${bytes.sizeBytes - unpacked.packedBytes} bytes behind the end`;
      report.find('PACKED-FAULT', evidence, { verdict: 'ERROR', offsetBytes: unpacked.packedBytes });
    }
    report.include(await context.scanInside(unpacked.bytes, context.name.replace(/\.z$/i, '') || 'unpacked'));
    return report.result('zlib');
  },
};

const WINDOW_32K = 0x78;

/** By its header, and the header of its first block: the length of a safetensors header begins with the same two bytes now and then. */
function isZlib(start: Buffer): boolean {
  if (start.length < 7 || start[0] !== WINDOW_32K || start.readUInt16BE(0) % 31 !== 0) return false;
  // A dictionary, which nobody has.
  if (((start[1] ?? 0) & 0x20) !== 0) return false;
  const blockType = ((start[2] ?? 0) >> 1) & 3;
  if (blockType === 0) return (start.readUInt16LE(3) ^ start.readUInt16LE(5)) === 0xffff;
  return blockType !== 3;
}
