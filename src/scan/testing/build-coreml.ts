import { buildProtobuf } from './build-protobuf.js';

/** A small Core ML model: a network of one layer that computes and one of the app. */
export const buildCoreml = (): Buffer =>
  buildProtobuf([
    [1, 7],
    [2, [[1, [[1, 'x']]]]],
    [
      500,
      [
        [1, [[1, 'c'], [130, [[1, 1]]]]], // prettier-ignore
        [1, [[1, 'own'], [500, [[10, 'AcmeLayer']]]]], // prettier-ignore
      ],
    ],
  ]);

/** Weights of a package: blobs of these many bytes, each at a multiple of 64 behind its description. */
export function buildCoremlWeights(lengths: readonly number[]): Buffer {
  const header = Buffer.alloc(64);
  header.writeUInt32LE(lengths.length, 0);
  header.writeUInt32LE(2, 4);
  const parts: Buffer[] = [header];
  let at = header.length;
  const put = (part: Buffer): void => {
    parts.push(part);
    at += part.length;
  };
  for (const length of lengths) {
    put(Buffer.alloc((64 - (at % 64)) % 64));
    const about = Buffer.alloc(64);
    about.writeUInt32LE(0xdeadbeef, 0);
    about.writeUInt32LE(1, 4);
    about.writeBigUInt64LE(BigInt(length), 8);
    about.writeBigUInt64LE(BigInt(at + 64), 16);
    put(about);
    put(Buffer.alloc(length, 9));
  }
  return Buffer.concat(parts);
}
