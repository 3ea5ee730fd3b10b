import { FormatFault } from '../format-fault.js';
import type { ByteSource, Format, FormatScan, ScanContext } from '../port.js';
import { ScanReport } from '../report.js';
import { sourceOfBuffer } from '../sources.js';
import { hasZipTail } from '../zip/tail.js';
import { parseGgufHeader, type GgufHeader } from './header.js';

const FIRST_BYTES = 2 ** 20;
const MOST_HEADER_BYTES = 256 * 2 ** 20;
const TEMPLATE_KEY = /^tokenizer\.chat_template(?:\..*)?$/;
const MOST_TEMPLATE_CHARACTERS = 256 * 1024;

/** GGUF, by its header alone. Chat templates in it are programs, and go to who reads such. */
export const ggufFormat: Format = {
  format: 'gguf',
  claims: (start) => start.toString('latin1', 0, 4) === 'GGUF',
  async scan(bytes: ByteSource, context: ScanContext): Promise<FormatScan> {
    const report = new ScanReport(context);
    const header = await readHeader(bytes);
    await claimTensors(bytes, header, report);
    for (const [key, value] of header.metadata) {
      if (!TEMPLATE_KEY.test(key) || typeof value !== 'string') continue;
      report.note({ templates: [value.slice(0, MOST_TEMPLATE_CHARACTERS)] });
      report.include(await context.scanInside(sourceOfBuffer(Buffer.from(value)), 'chat_template.jinja'));
    }
    if (await hasZipTail(bytes)) report.find('POLYGLOT', 'it ends as a zip archive does');
    return report.result('gguf');
  },
};

type WholeHeader = GgufHeader & { readonly headerBytes: number; readonly dataStartByte: number };

async function readHeader(bytes: ByteSource): Promise<WholeHeader> {
  for (let most = FIRST_BYTES; ; most *= 4) {
    const prefixBytes = Math.min(most, bytes.sizeBytes, MOST_HEADER_BYTES);
    const header = parseGgufHeader(await bytes.read(0, prefixBytes), bytes.sizeBytes);
    const { headerBytes, dataStartByte } = header;
    if (headerBytes !== undefined && dataStartByte !== undefined) return { ...header, headerBytes, dataStartByte };
    if (prefixBytes === MOST_HEADER_BYTES)
      throw new FormatFault('LIMIT-HIT', `a header of more than ${prefixBytes} bytes`);
  }
}

/** Between tensors are as many zeros as align them, and nothing else. */
async function claimTensors(bytes: ByteSource, header: WholeHeader, report: ScanReport): Promise<void> {
  const { headerBytes, dataStartByte, alignment, tensors } = header;
  report.claim(0, headerBytes, 'gguf header');
  let at = headerBytes;
  const pad = async (endByte: number): Promise<void> => {
    if (endByte <= at || endByte - at >= alignment) return;
    if ((await bytes.read(at, endByte - at)).every((byte) => byte === 0)) report.claim(at, endByte, 'padding');
  };
  for (const { startByte, sizeBytes } of [...tensors].sort((one, other) => one.startByte - other.startByte)) {
    await pad(dataStartByte + startByte);
    at = dataStartByte + startByte + sizeBytes;
    report.claim(at - sizeBytes, at, 'tensor data');
  }
  await pad(bytes.sizeBytes);
}
