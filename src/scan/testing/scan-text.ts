import { scanFile, type FileScan } from '../scan-file.js';
import { sourceOfBuffer } from '../sources.js';

/** One file of a repository, scanned as users do. Values are written as JSON. */
export function scanOf(name: string, content: string | Buffer | object): Promise<FileScan> {
  const bytes = Buffer.isBuffer(content)
    ? content
    : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
  return scanFile(sourceOfBuffer(bytes), name);
}

/** `RULE severity` of all findings, sorted, each once. */
export function rulesOf({ findings }: FileScan): string[] {
  return [...new Set(findings.map(({ rule, severity }) => `${rule} ${severity}`))].sort();
}
