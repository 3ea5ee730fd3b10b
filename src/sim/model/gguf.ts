import { joinContent, type Content } from '../content.js';
import { seededContent } from '../seeded-content.js';
import { elements, type Architecture, type TensorShape } from './architecture.js';

const ALIGNMENT = 32;
const TYPE = { uint32: 4, float32: 6, string: 8, array: 9 } as const;
const F32 = { id: 0, blockElements: 1, blockBytes: 4 };
const Q4_0 = { id: 2, blockElements: 32, blockBytes: 18 };

/** A GGUF file, version 3, weights in Q4_0 and norms in F32, as llama.cpp's converter lays it out. */
export function ggufFile(model: Architecture, name: string, seed: string): Content {
  const metadata = describe(model, name);
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    uint32(3),
    uint64(model.tensors.length),
    uint64(metadata.length),
    ...metadata,
  ]);
  let offset = 0;
  const infos = model.tensors.map((tensor) => {
    const info = tensorInfo(tensor, offset);
    offset = align(offset + tensorBytes(tensor));
    return info;
  });
  const before = Buffer.concat([head, ...infos]);
  const padding = Buffer.alloc(align(before.length) - before.length);
  return joinContent([before, padding, seededContent({ seed, sizeBytes: offset })]);
}

function describe(model: Architecture, name: string): Buffer[] {
  const tokens = Array.from({ length: model.vocabulary }, (_, index) => string(tokenText(index)));
  const array = (type: number, items: readonly Buffer[]): Buffer =>
    Buffer.concat([uint32(type), uint64(items.length), ...items]);
  return [
    entry('general.architecture', TYPE.string, string('llama')),
    entry('general.name', TYPE.string, string(name)),
    entry('general.alignment', TYPE.uint32, uint32(ALIGNMENT)),
    entry('general.file_type', TYPE.uint32, uint32(2)),
    entry('llama.block_count', TYPE.uint32, uint32(model.layers)),
    entry('llama.context_length', TYPE.uint32, uint32(2048)),
    entry('llama.embedding_length', TYPE.uint32, uint32(model.hidden)),
    entry('llama.feed_forward_length', TYPE.uint32, uint32(model.intermediate)),
    entry('llama.attention.head_count', TYPE.uint32, uint32(model.heads)),
    entry('llama.attention.layer_norm_rms_epsilon', TYPE.float32, float32(1e-5)),
    entry('tokenizer.ggml.model', TYPE.string, string('llama')),
    entry('tokenizer.ggml.tokens', TYPE.array, array(TYPE.string, tokens)),
  ];
}

/** The token of a number, the same in every file of a made-up model. */
export function tokenText(index: number): string {
  return index === 0 ? '<unk>' : `t${index}`;
}

function tensorInfo(tensor: TensorShape, offset: number): Buffer {
  const dimensions = [...tensor.shape].reverse();
  return Buffer.concat([
    string(tensor.ggufName),
    uint32(dimensions.length),
    ...dimensions.map(uint64),
    uint32(encodingOf(tensor).id),
    uint64(offset),
  ]);
}

function encodingOf({ shape }: TensorShape): typeof F32 {
  return shape.length === 1 ? F32 : Q4_0;
}

function tensorBytes(tensor: TensorShape): number {
  const { blockElements, blockBytes } = encodingOf(tensor);
  return (elements(tensor) / blockElements) * blockBytes;
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function entry(key: string, type: number, value: Buffer): Buffer {
  return Buffer.concat([string(key), uint32(type), value]);
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}

function uint64(value: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out;
}

function float32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeFloatLE(value);
  return out;
}
