import type { Schema } from '../protobuf/walk.js';

const data = (...fields: number[]): Record<number, string> =>
  Object.fromEntries(fields.map((field) => [field, 'data']));

/** Layers that compute, by their numbers in `NeuralNetworkLayer`; those that lead further stand in the schema. */
const LAYERS = [
  ...[100, 120, 130, 140, 150, 160, 165, 170, 175, 180, 190, 200, 210, 211, 212, 220, 230, 231, 240, 245, 250, 260],
  ...[261, 270, 280, 290, 300, 301, 310, 320, 330, 340, 345, 350, 400, 410, 420, 430, 600, 620, 625, 635, 640, 660],
  ...[665, 670, 680, 685, 700, 710, 715, 720, 730, 735, 740, 750, 755, 760, 770, 775, 780, 790, 795, 815, 820, 825],
  ...[827, 830, 832, 840, 845, 850, 855, 865, 870, 875, 880, 885, 890, 895, 900, 905, 920, 925, 930, 935, 940, 945],
  ...[950, 952, 954, 960, 965, 975, 980, 985, 995, 1000, 1005, 1015, 1020, 1025, 1040, 1045, 1065, 1070, 1080, 1085],
  ...[1090, 1100, 1105, 1110, 1120, 1125, 1130, 1135, 1140, 1145, 1150, 1155, 1170, 1175, 1180, 1190, 1195, 1200],
  ...[1210, 1215, 1220, 1230, 1250, 1255, 1260, 1265, 1270, 1275, 1280, 1285, 1290, 1295, 1313, 1315, 1320, 1325],
  ...[1330, 1350, 1400, 1450, 1455, 1460, 1461, 1465, 1466, 1470, 1471],
];

/**
 * Core ML's specification (Model.proto, NeuralNetwork.proto and MIL.proto of coremltools 9), as far as something leads further or decides what runs. Tables for Apple's language models
 * (text classifiers, taggers, gazetteers, embeddings) and serialized models are of no published form: nobody's bytes.
 */
export const COREML_SCHEMA: Schema = {
  Model: {
    ...data(1, 2, 10, 300, 301, 302, 304, 400, 401, 402, 404, 501, 560),
    ...data(600, 601, 602, 603, 604, 606, 607, 609, 610, 900, 2002, 2003, 2006),
    ...{ 200: 'PipelineOf', 201: 'PipelineOf', 202: 'Pipeline', 303: 'Network', 403: 'Network', 500: 'Network' },
    ...{ 502: 'Program', 555: 'Custom', 556: 'Linked' },
  },
  PipelineOf: { 1: 'Pipeline' },
  Pipeline: { 1: 'Model', ...data(2) },
  Network: { 1: 'Layer', ...data(2, 5, 6, 10, 100, 101, 200) },
  Layer: { ...data(1, 2, 3, 4, 5, 10, ...LAYERS), 500: 'Custom', 605: 'Branch', 615: 'Loop' },
  Branch: { 1: 'Network', 2: 'Network' },
  Loop: { ...data(1, 2), 3: 'Network', 4: 'Network' },
  /** Of a layer and of a whole model alike. */
  Custom: { 10: 'text', ...data(20, 30, 40) },
  Linked: { 1: 'LinkedFile' },
  LinkedFile: { 1: 'Path', 2: 'Path' },
  Path: { 1: 'text' },
  Program: { ...data(1, 3), 2: 'FunctionEntry', 4: 'ValueEntry' },
  FunctionEntry: { ...data(1), 2: 'Function' },
  Function: { 1: 'NamedType', ...data(2), 3: 'BlockEntry', 4: 'ValueEntry' },
  BlockEntry: { ...data(1), 2: 'Block' },
  Block: { 1: 'NamedType', ...data(2), 3: 'Operation', 4: 'ValueEntry' },
  Operation: { 1: 'text', 2: 'ArgumentEntry', 3: 'NamedType', 4: 'Block', 5: 'ValueEntry' },
  ArgumentEntry: { ...data(1), 2: 'Argument' },
  Argument: { 1: 'Binding' },
  Binding: { ...data(1), 2: 'Value' },
  NamedType: { ...data(1), 2: 'Type' },
  Type: { 1: 'TensorType', 2: 'ListType', 3: 'TupleType', 4: 'DictionaryType', 5: 'TupleType' },
  TensorType: { ...data(1, 2, 3), 4: 'ValueEntry' },
  ListType: { 1: 'Type', ...data(2) },
  TupleType: { 1: 'Type' },
  DictionaryType: { 1: 'Type', 2: 'Type' },
  ValueEntry: { ...data(1), 2: 'Value' },
  Value: { ...data(1), 2: 'Type', 3: 'Immediate', 5: 'BlobFile' },
  Immediate: { ...data(1), 2: 'Values', 3: 'Values', 4: 'Dictionary' },
  Values: { 1: 'Value' },
  Dictionary: { 1: 'Pair' },
  Pair: { 1: 'Value', 2: 'Value' },
  BlobFile: { 1: 'text', ...data(2) },
};
