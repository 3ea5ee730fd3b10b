import type { Schema } from '../protobuf/walk.js';

const data = (...fields: number[]): Record<number, string> =>
  Object.fromEntries(fields.map((field) => [field, 'data']));

/** onnx.proto3 of ONNX 1.19, as far as something in it decides what runs. */
export const ONNX_SCHEMA: Schema = {
  Model: { ...data(1, 2, 3, 4, 5, 6, 14, 26), 7: 'Graph', 8: 'Opset', 20: 'Training', 25: 'Function' },
  Opset: { 1: 'text', 2: 'number' },
  Training: { 1: 'Graph', 2: 'Graph', ...data(3, 4) },
  Graph: { ...data(2, 10, 11, 12, 13, 14, 16), 1: 'Node', 5: 'Tensor', 15: 'SparseTensor' },
  Node: { ...data(1, 2, 3, 6, 8, 9, 10), 4: 'text', 5: 'Attribute', 7: 'text' },
  Attribute: {
    ...data(1, 2, 3, 4, 7, 8, 9, 13, 14, 15, 20, 21),
    5: 'Tensor',
    6: 'Graph',
    10: 'Tensor',
    11: 'Graph',
    22: 'SparseTensor',
    23: 'SparseTensor',
  },
  SparseTensor: { 1: 'Tensor', 2: 'Tensor', ...data(3) },
  Tensor: { ...data(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16), 13: 'External', 14: 'number' },
  External: { 1: 'text', 2: 'text' },
  Function: { ...data(4, 5, 6, 8, 12, 13, 14), 1: 'text', 7: 'Node', 9: 'Opset', 10: 'text', 11: 'Attribute' },
};
