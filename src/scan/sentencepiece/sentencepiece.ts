import { NO_INVENTORY } from '../inventory.js';
import type { Format } from '../port.js';
import { walkProtobuf, type Schema } from '../protobuf/walk.js';

const data = (count: number): Record<number, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [index + 1, 'data']));

/** sentencepiece_model.proto. Its normaliser is a table, not a program. */
const SCHEMA: Schema = {
  Model: { 1: 'Piece', 2: 'Trainer', 3: 'Normalizer', 4: 'data', 5: 'Normalizer' },
  Piece: data(3),
  Trainer: data(60),
  Normalizer: data(6),
};
const MOST_PIECE_BYTES = 127;

/** A tokenizer's table of pieces, as `tokenizer.model` and `spiece.model`. */
export const SENTENCEPIECE: Format = {
  format: 'sentencepiece',
  claims: (start) => startsWithPiece(start),
  scan: async (bytes) => {
    const { attributions } = await walkProtobuf(bytes, SCHEMA, 'Model', () => undefined);
    return { format: 'sentencepiece', verdict: 'CLEAN', findings: [], attributions, inventory: NO_INVENTORY };
  },
};

/** A short first message that begins with a text inside of it: `<unk>` and its kin. */
function startsWithPiece(start: Buffer): boolean {
  const [tag, length = 0, inner, text = 0] = start;
  return (
    tag === 0x0a && length <= MOST_PIECE_BYTES && inner === 0x0a && text + 2 <= length && start.length >= length + 2
  );
}
