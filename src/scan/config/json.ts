import { isUtf8 } from 'node:buffer';
import { FormatFault } from '../format-fault.js';
import { parseLooseJson, type LooseJson } from '../json/loose-json.js';
import { MOST_TREE_BYTES } from '../limits.js';
import type { ByteSource, Finding, Format, FormatScan, ScanContext, Verdict } from '../port.js';
import { finding } from '../rules.js';
import { readConfig } from './read-config.js';

/** Files that loaders read to decide what to load: there, what readers may take differently is a person's matter. */
const DECIDES =
  /(?:^|\/)(?:[^/]*config[^/]*|model_index|modules|chat_template|processor|metadata|[^/]*\.index)\.json$/i;

/** JSON, by its name: loaders do not look for it elsewhere. */
export const JSON_FORMAT: Format = {
  format: 'json',
  claims: (start, name) => start.length > 0 && /\.(?:json|ipynb|webmanifest)$/i.test(name),
  scan: scanJson,
};

async function scanJson(bytes: ByteSource, { name, members }: ScanContext): Promise<FormatScan> {
  const { sizeBytes } = bytes;
  const result = (
    isRead: boolean,
    verdict: Verdict,
    findings: readonly Finding[],
    hooks: readonly string[],
    templates: readonly string[],
  ) => ({
    format: 'json',
    verdict,
    findings,
    attributions: isRead ? [{ startByte: 0, endByte: sizeBytes, what: 'json' }] : [],
    inventory: { imports: [], calls: [], hooks, templates },
  });
  if (sizeBytes > MOST_TREE_BYTES)
    return result(false, 'NOT_SCANNED', [finding('LIMIT-HIT', `JSON of ${sizeBytes} bytes`, members)], [], []);
  const read = parsed(await bytes.read(0, sizeBytes));
  if ('fault' in read) {
    const isDeciding = DECIDES.test(name);
    const found = finding('CFG-INVALID', `not JSON: ${read.fault}`, members, undefined, isDeciding ? 'medium' : 'low');
    return result(false, 'CLEAN', [found], [], []);
  }
  const { findings, hooks, templates, verdict } = readConfig(read.value, name, members);
  return result(true, verdict, findings, hooks, templates);
}

/** `fault`: why it is none. */
function parsed(bytes: Buffer): { readonly value: LooseJson } | { readonly fault: string } {
  if (!isUtf8(bytes)) return { fault: 'not UTF-8' };
  try {
    return { value: parseLooseJson(bytes.toString()) };
  } catch (thrown) {
    return { fault: thrown instanceof FormatFault ? thrown.message : 'not UTF-8' };
  }
}
