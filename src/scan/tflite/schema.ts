import type { FlatSchema } from '../flatbuffers/walk.js';

/** Of the options of built-in operations those that hold more than numbers. */
const OPTIONS = { 3: 'ConcatEmbeddings', 17: 'Numbers', 30: 'Numbers', 111: 'Texts', 115: 'Numbers' };

/** Where the numbers of a sparse axis stand. */
const SEGMENTS = { 1: 'Numbers', 2: 'Shorts', 3: 'Bytes' };

/** TensorFlow Lite's schema (version 3, 2026), as far as something leads further or decides what runs. */
export const TFLITE_SCHEMA: FlatSchema = {
  Model: {
    0: 4,
    1: '[OperatorCode]',
    2: '[SubGraph]',
    3: 'string',
    4: '[Buffer]',
    5: '[4]',
    6: '[Metadata]',
    7: '[SignatureDef]',
  },
  OperatorCode: { 0: 1, 1: 'string', 2: 4, 3: 4 },
  SubGraph: { 0: '[Tensor]', 1: '[4]', 2: '[4]', 3: '[Operator]', 4: 'string', 5: 4 },
  Tensor: { 0: '[4]', 3: 'string', 4: 'Quantization', 6: 'Sparsity', 7: '[4]', 9: '[Variant]' },
  Variant: { 0: '[4]' },
  Quantization: { 0: '[4]', 1: '[4]', 2: '[4]', 3: '[8]', 5: { typeField: 4, tables: { 1: 'Bytes' } } },
  Sparsity: { 0: '[4]', 1: '[4]', 2: '[Dimension]' },
  Dimension: { 3: { typeField: 2, tables: SEGMENTS }, 5: { typeField: 4, tables: SEGMENTS } },
  Operator: {
    0: 4,
    1: '[4]',
    2: '[4]',
    4: { typeField: 3, tables: OPTIONS },
    5: '[1]',
    7: '[1]',
    8: '[4]',
    9: 8,
    10: 8,
    12: { typeField: 11, tables: {} },
  },
  Buffer: { 0: '[1]', 1: 8, 2: 8 },
  Metadata: { 0: 'string', 1: 4 },
  SignatureDef: { 0: '[TensorMap]', 1: '[TensorMap]', 2: 'string', 3: 'string', 4: 4 },
  TensorMap: { 0: 'string', 1: 4 },
  ConcatEmbeddings: { 1: '[4]', 2: '[4]' },
  Numbers: { 0: '[4]' },
  Texts: { 0: 'string', 1: 'string' },
  Bytes: { 0: '[1]' },
  Shorts: { 0: '[2]' },
};
