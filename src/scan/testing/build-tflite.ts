import { buildFlatbuffer, type FlatFields } from './build-flatbuffer.js';

const ints = (...values: readonly number[]): { bytes: Buffer; width: number } => ({
  bytes: Buffer.from(Int32Array.from(values).buffer),
  width: 4,
});

/** A model of TensorFlow Lite by its schema: one tensor, and one operation of the code given. `more`: other fields of the model. */
export function buildTflite(code: FlatFields, more: FlatFields = {}): Buffer {
  const quantized = { 2: { bytes: Buffer.alloc(4), width: 4 }, 3: { bytes: Buffer.alloc(8), width: 8 } };
  const tensor = { 0: ints(2, 2), 2: { number: 1, width: 4 }, 3: { text: 'w' }, 4: { table: quantized } } as const;
  const reshape = { 0: ints(4) };
  const operator = { 0: { number: 0, width: 4 }, 1: ints(0), 2: ints(0), 3: { number: 17, width: 1 }, 4: { table: reshape }, 5: { bytes: Buffer.from('own'), width: 1 } } as const; // prettier-ignore
  const graph = { 0: { tables: [tensor] }, 1: ints(0), 2: ints(0), 3: { tables: [operator] }, 4: { text: 'main' } };
  const signature = { 0: { tables: [{ 0: { text: 'x' } }] }, 2: { text: 'serving_default' } };
  return buildFlatbuffer('TFL3', {
    0: { number: 3, width: 4 },
    1: { tables: [code] },
    2: { tables: [graph] },
    3: { text: 'made by hand' },
    4: { tables: [{}, { 0: { bytes: Buffer.alloc(16, 7), width: 1 } }] },
    6: { tables: [{ 0: { text: 'min_runtime_version' }, 1: { number: 1, width: 4 } }] },
    7: { tables: [signature] },
    ...more,
  });
}

/** A code of an operation: built in, or by its name. */
export const builtIn: FlatFields = { 0: { number: 22, width: 1 }, 3: { number: 22, width: 4 } };
export const custom = (name: string): FlatFields => ({
  0: { number: 32, width: 1 },
  1: { text: name },
  3: { number: 32, width: 4 },
});
