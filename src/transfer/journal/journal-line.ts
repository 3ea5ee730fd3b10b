import { crc32c, crcHex } from '../../proof/index.js';

/** A record as a line: its JSON, a space, the CRC-32C of the JSON's UTF-8 as eight hex digits, a line feed. */
export function formatLine(record: object): string {
  const json = JSON.stringify(record);
  return `${json} ${crcHex(crc32c(Buffer.from(json)))}\n`;
}

/** The record of a line without its line feed; undefined for anything that was not written whole. */
export function parseLine(line: string): Readonly<Record<string, unknown>> | undefined {
  const json = line.slice(0, -9);
  if (line.charAt(line.length - 9) !== ' ' || crcHex(crc32c(Buffer.from(json))) !== line.slice(-8)) return undefined;
  try {
    const record: unknown = JSON.parse(json);
    return typeof record === 'object' && record !== null ? (record as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
