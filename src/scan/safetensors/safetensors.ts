import type { ByteSource, Format, FormatScan, ScanContext } from '../port.js';
import { ScanReport } from '../report.js';
import { parseSafetensorsHeader, safetensorsHeaderBytes, SAFETENSORS_LENGTH_BYTES } from './header.js';
import { hasZipTail } from '../zip/tail.js';

const MOST_METADATA_BYTES = 2 ** 20;
/** What nobody says about weights, and somebody may one day run. */
const PROGRAM =
  /\b(?:__import__|eval|exec|compile)\s*\(|\b(?:os\.(?:system|popen)|subprocess\.|pickle\.loads?|importlib\.)|<script\b|^#!\s*\/|\bpowershell\b|javascript:/i;

/** Nothing but numbers and names. Only the header is read: the tensors' bytes have no meaning beyond their values. */
export const safetensorsFormat: Format = {
  format: 'safetensors',
  claims: (start, _name, sizeBytes) =>
    start.length > SAFETENSORS_LENGTH_BYTES &&
    start[SAFETENSORS_LENGTH_BYTES] === 0x7b &&
    start.readBigUInt64LE(0) <= BigInt(sizeBytes),
  async scan(bytes: ByteSource, context: ScanContext): Promise<FormatScan> {
    const report = new ScanReport(context);
    const start = await bytes.read(0, Math.min(SAFETENSORS_LENGTH_BYTES, bytes.sizeBytes));
    const headerBytes = safetensorsHeaderBytes(start, bytes.sizeBytes);
    const dataStartByte = SAFETENSORS_LENGTH_BYTES + headerBytes;
    const json = await bytes.read(SAFETENSORS_LENGTH_BYTES, headerBytes);
    const { metadata, tensors } = parseSafetensorsHeader(json, bytes.sizeBytes - dataStartByte);
    report.claim(0, dataStartByte, 'safetensors header');
    for (const { startByte, endByte } of tensors)
      report.claim(dataStartByte + startByte, dataStartByte + endByte, 'tensor data');
    judgeMetadata(metadata, report);
    if (await hasZipTail(bytes)) report.find('POLYGLOT', 'it ends as a zip archive does');
    return report.result('safetensors');
  },
};

function judgeMetadata(metadata: ReadonlyMap<string, string>, report: ScanReport): void {
  let metadataBytes = 0;
  for (const [key, text] of metadata) {
    metadataBytes += key.length + text.length;
    const program = PROGRAM.exec(text)?.[0] ?? PROGRAM.exec(key)?.[0];
    if (program !== undefined) report.find('ST-METADATA', `${key} holds ${JSON.stringify(program)}`);
  }
  if (metadataBytes > MOST_METADATA_BYTES) report.find('ST-METADATA', `${metadataBytes} characters of metadata`);
}
