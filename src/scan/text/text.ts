import { TEXT_BLOCK_BYTES } from '../limits.js';
import { NO_INVENTORY } from '../inventory.js';
import type { ByteSource, Finding, Format, FormatScan, ScanContext } from '../port.js';
import { isTextStart } from './is-text.js';
import { linesThatFetch } from './fetch-and-run.js';
import { secretsIn } from './secrets.js';

/** Names that loaders unpickle or map whatever is in them: text there belongs to nobody. A pickle can be plain ASCII. */
const WEIGHTS =
  /\.(?:bin|pt|pth|ckpt|pkl|pickle|joblib|dill|dat|data|sav|model_state|h5|hdf5|safetensors|gguf|ggml|npy|npz|onnx|pb|tflite|msgpack|mar|nemo|tar|zip|gz|keras|pt2|ot|engine|plan|mlmodel|skops|cbm)$/i;
/** Read by people, who may do what it says. */
const PROSE = /(?:^|\/)(?:[^/.]+|[^/]*\.(?:md|mdx|markdown|rst|txt|html?))$/i;
/** So that what lies across two blocks is seen whole. */
const OVERLAP = 2048;

/** Plain text: UTF-8 without NUL. It runs nothing; secrets in it and commands that fetch and run are told. */
export const TEXT: Format = {
  format: 'text',
  claims: (start, name) => start.length > 0 && isTextStart(start) && !WEIGHTS.test(name),
  scan: scanText,
};

async function scanText(bytes: ByteSource, { name, members, signal }: ScanContext): Promise<FormatScan> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const found = new Map<string, Finding>();
  const isProse = PROSE.test(name);
  let [at, line, carried] = [0, 1, ''];
  for (; at < bytes.sizeBytes; at += TEXT_BLOCK_BYTES) {
    signal?.throwIfAborted();
    const block = await bytes.read(at, Math.min(TEXT_BLOCK_BYTES, bytes.sizeBytes - at));
    const decoded = decode(decoder, block, at + block.length === bytes.sizeBytes);
    if (decoded === undefined) break;
    const text = carried + decoded;
    const place = { members, line };
    for (const one of [...secretsIn(text, place), ...(isProse ? linesThatFetch(text, place) : [])])
      found.set(one.evidence, one);
    carried = text.slice(-OVERLAP);
    line += newlines(text.slice(0, text.length - carried.length));
  }
  const endByte = Math.min(at, bytes.sizeBytes);
  return {
    format: 'text',
    verdict: endByte === bytes.sizeBytes ? 'CLEAN' : 'NOT_SCANNED',
    findings: [...found.values()],
    attributions: endByte > 0 ? [{ startByte: 0, endByte, what: 'text' }] : [],
    inventory: NO_INVENTORY,
  };
}

function decode(decoder: InstanceType<typeof TextDecoder>, block: Buffer, isLast: boolean): string | undefined {
  if (block.includes(0)) return undefined;
  try {
    return decoder.decode(block, { stream: !isLast });
  } catch {
    return undefined;
  }
}

export function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
