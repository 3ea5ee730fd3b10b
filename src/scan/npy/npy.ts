import { FormatFault } from '../format-fault.js';
import type { ByteSource, Format, FormatScan, ScanContext } from '../port.js';
import { ScanReport } from '../report.js';
import { sliceOf } from '../sources.js';
import { countOf, layoutOf, type ItemLayout } from './dtype.js';
import { parseLiteral } from './literal.js';

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
const MOST_HEADER_BYTES = 64 * 1024;
const KEYS = 'descr,fortran_order,shape';

/** One array as `numpy.save` writes it (numpy.lib.format, versions 1 to 3). Arrays of objects are a pickle behind the header. */
export const npyFormat: Format = {
  format: 'npy',
  claims: (start) => start.subarray(0, MAGIC.length).equals(MAGIC),
  async scan(bytes: ByteSource, context: ScanContext): Promise<FormatScan> {
    const report = new ScanReport(context);
    const { layout, elements, dataStartByte } = await readHeader(bytes);
    report.claim(0, dataStartByte, 'npy header');
    const restBytes = bytes.sizeBytes - dataStartByte;
    if (layout.hasObjects) {
      const inner = await context.scanInside(sliceOf(bytes, dataStartByte, restBytes), 'objects');
      report.include(inner);
      report.claim(dataStartByte, bytes.sizeBytes, 'pickle');
      // Whatever is not a pickle there, NumPy gives to its unpickler all the same.
      if (inner.format !== 'pickle') report.find('NPY-SIZE', 'objects that are no pickle', { verdict: 'ERROR' });
      return report.result('npy');
    }
    const dataBytes = elements * layout.itemBytes;
    report.claim(dataStartByte, Math.min(bytes.sizeBytes, dataStartByte + dataBytes), 'tensor data');
    if (dataBytes !== restBytes)
      report.find('NPY-SIZE', `${restBytes} bytes for a shape of ${dataBytes}`, { verdict: 'ERROR' });
    return report.result('npy');
  },
};

async function readHeader(bytes: ByteSource): Promise<{ layout: ItemLayout; elements: number; dataStartByte: number }> {
  const fault = (reason: string): never => {
    throw new FormatFault('NPY-HEADER', reason);
  };
  if (bytes.sizeBytes < 12) return fault('no header');
  const start = await bytes.read(0, 12);
  const major = start.readUInt8(6);
  if (major < 1 || major > 3 || start.readUInt8(7) !== 0) return fault(`version ${major}.${start.readUInt8(7)}`);
  const headerAt = major === 1 ? 10 : 12;
  const headerBytes = major === 1 ? start.readUInt16LE(8) : start.readUInt32LE(8);
  if (headerBytes > MOST_HEADER_BYTES) return fault(`a header of ${headerBytes} bytes`);
  if (headerAt + headerBytes > bytes.sizeBytes) return fault('a header beyond the file');
  const header = await bytes.read(headerAt, headerBytes);
  // Older ones are Latin-1: what is not ASCII there is a name of a field, of which only the place in the header matters.
  const text = header.toString('latin1');
  if (!text.endsWith('\n')) return fault('a header without an end');
  const literal = parseLiteral(text.slice(0, -1));
  if (literal.kind !== 'dict' || [...literal.entries.keys()].sort().join() !== KEYS)
    return fault('other keys than NumPy’s');
  const { entries } = literal;
  const [descr, order, shape] = ['descr', 'fortran_order', 'shape'].map((key) => entries.get(key));
  if (descr === undefined || order?.kind !== 'truth' || shape?.kind !== 'tuple')
    return fault('a value of another kind');
  return { layout: layoutOf(descr), elements: countOf(shape), dataStartByte: headerAt + headerBytes };
}
