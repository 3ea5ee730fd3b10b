import { flatAttributions, walkFlatbuffer, type FlatTable } from '../flatbuffers/walk.js';
import { FormatFault } from '../format-fault.js';
import { HookBook } from '../hooks.js';
import { NO_INVENTORY } from '../inventory.js';
import type { Span } from '../ledger.js';
import type { Format } from '../port.js';
import { finding } from '../rules.js';
import { TFLITE_SCHEMA } from './schema.js';

const CUSTOM = 32;
/** Operations of TensorFlow itself, run by a delegate. */
const FLEX = 'Flex';

/** TensorFlow Lite (LiteRT): the graph's operations, and every byte by its schema; what its metadata hold is data. */
export const TFLITE: Format = {
  format: 'tflite',
  claims: (start) => start.toString('latin1', 4, 8) === 'TFL3',
  scan: async (bytes, { members }) => {
    const book = new HookBook(members);
    const outside: Span[] = [];
    try {
      const { spans } = await walkFlatbuffer(bytes, TFLITE_SCHEMA, 'Model', (table) => {
        operation(table, book);
        outside.push(...farData(table, bytes.sizeBytes));
      });
      const attributions = await flatAttributions(bytes, [...spans, ...outside], 'tflite');
      const inventory = { imports: [], calls: [], templates: [], hooks: book.hooks };
      return { format: 'tflite', verdict: 'CLEAN', findings: book.findings, attributions, inventory };
    } catch (thrown) {
      if (!(thrown instanceof FormatFault)) throw thrown;
      const findings = [finding(thrown.rule, thrown.message, members)];
      return { format: 'tflite', verdict: 'NOT_SCANNED', findings, attributions: [], inventory: NO_INVENTORY };
    }
  },
};

function operation({ type, at, texts, numbers }: FlatTable, book: HookBook): void {
  if (type !== 'OperatorCode') return;
  const name = texts.get(1) ?? '';
  if (name === '' && (numbers.get(0) ?? 0) !== CUSTOM && (numbers.get(3) ?? 0) !== CUSTOM) return;
  if (name.startsWith(FLEX)) book.add('tf.op', name.slice(FLEX.length), at);
  else book.add('tflite.custom', name, at);
}

/** Data of large models, which stand behind the flatbuffer. @throws FormatFault FB-FAULT */
function farData({ type, at, numbers }: FlatTable, sizeBytes: number): readonly Span[] {
  const fields = type === 'Buffer' ? [1, 2] : type === 'Operator' ? [9, 10] : undefined;
  if (fields === undefined) return [];
  const [from = 0, length = 0] = fields.map((field) => numbers.get(field) ?? 0);
  // 0 and 1 say that it is elsewhere.
  if (from <= 1 || length === 0) return [];
  if (!Number.isSafeInteger(from + length) || from + length > sizeBytes)
    throw new FormatFault('FB-FAULT', `data at ${from} beyond the file, of a ${type} at ${at}`);
  return [{ startByte: from, endByte: from + length }];
}
