import type { Content } from '../content.js';
import { firstLiteral } from './lz4.js';
import { RECORD_HEAD_BYTES } from './pack.js';

/** A xorb in an answer, to be spoiled. */
export interface XorbBody {
  readonly content: Content;
  /** Where its records end. */
  readonly ends: readonly number[];
  /** The answer's body, of the xorb's bytes. */
  readonly assemble: (content: Content) => Content;
}

/**
 * What is wrong with a record. `bytes`: it decodes without complaint, to other content of the same length. The others are fields of its
 * head: a version or a scheme that does not exist, lengths that are one too long.
 */
export type XorbDamage = 'bytes' | 'version' | 'scheme' | 'length' | 'packed-length';

const FIELD = { version: 0, 'packed-length': 1, scheme: 4, length: 5 } as const;

/** The body with one record damaged, in whatever range it is asked for; unchanged when there is no such chunk. */
export function spoilXorb({ content, ends, assemble }: XorbBody, chunk: number, damage: XorbDamage): Content {
  const end = ends[chunk];
  if (end === undefined) return assemble(content);
  const start = chunk === 0 ? 0 : (ends[chunk - 1] ?? 0);
  const record = Buffer.from(content.read(start, end - start));
  if (damage === 'bytes') {
    const isStored = record[FIELD.scheme] === 0;
    const payload = record.subarray(RECORD_HEAD_BYTES);
    const at = isStored ? 0 : firstLiteral(payload);
    payload[at] = (payload[at] ?? 0) ^ 0x55;
  } else if (damage === 'length' || damage === 'packed-length') {
    record.writeUIntLE(record.readUIntLE(FIELD[damage], 3) + 1, FIELD[damage], 3);
  } else {
    record[FIELD[damage]] = 77;
  }
  return assemble({
    sizeBytes: content.sizeBytes,
    read: (offset, length) => {
      const bytes = Buffer.from(content.read(offset, length));
      const from = Math.max(start, offset);
      const to = Math.min(end, offset + length);
      if (from < to) record.copy(bytes, from - offset, from - start, to - start);
      return bytes;
    },
  });
}
