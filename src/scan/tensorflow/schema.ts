import type { Schema } from '../protobuf/walk.js';

const data = (...fields: number[]): Record<number, string> =>
  Object.fromEntries(fields.map((field) => [field, 'data']));

/** saved_model.proto, meta_graph.proto, graph.proto, function.proto, node_def.proto and attr_value.proto of TensorFlow 2. */
export const TENSORFLOW_SCHEMA: Schema = {
  SavedModel: { ...data(1), 2: 'MetaGraph' },
  MetaGraph: { ...data(1, 4, 5, 7), 2: 'Graph', 3: 'Saver', 6: 'Asset' },
  Saver: { 1: 'text', 2: 'text', 3: 'text', ...data(4, 5, 6, 7) },
  Asset: { ...data(1), 2: 'text' },
  Graph: { ...data(3, 4, 5), 1: 'Node', 2: 'Library' },
  Library: { 1: 'Function', ...data(2, 3) },
  Function: { 1: 'Signature', ...data(4, 5, 6, 7, 8), 3: 'Node' },
  Signature: { 1: 'text', ...data(2, 3, 4, 5, 6, 7, 8, 16, 17, 18, 19, 20, 21) },
  Node: { 1: 'text', 2: 'text', ...data(3, 4, 6, 7), 5: 'AttributeEntry' },
  AttributeEntry: { 1: 'text', 2: 'Value' },
  Value: { 1: 'List', ...data(2, 3, 4, 5, 6, 7, 8, 9), 10: 'Called' },
  List: { ...data(2, 3, 4, 5, 6, 7, 8), 9: 'Called' },
  Called: { 1: 'text', 2: 'AttributeEntry' },
  KerasMetadata: { 1: 'KerasObject' },
  KerasObject: { ...data(2, 3, 4, 6), 5: 'text' },
  Fingerprint: data(1, 2, 3, 4, 5, 6, 7),
};
