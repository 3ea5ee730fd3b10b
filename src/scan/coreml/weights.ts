import { FormatFault } from '../format-fault.js';
import { NO_INVENTORY } from '../inventory.js';
import type { ByteSource, Format } from '../port.js';

/** Everything in the file begins at a multiple of this; its header and each description are as long. */
const UNIT_BYTES = 64;
const VERSION = 2;
const SENTINEL = 0xdeadbeef;
/** Some hundred times as many as the largest packages have. */
const MOST_BLOBS = 100_000;

/** The weights of a Core ML package (MIL blob storage): a header, then each blob behind its description. */
export const COREML_WEIGHTS: Format = {
  format: 'coreml-weights',
  claims: (start) =>
    start.length >= 2 * UNIT_BYTES &&
    start.readUInt32LE(0) > 0 &&
    start.readUInt32LE(4) === VERSION &&
    start.subarray(8, UNIT_BYTES).every((byte) => byte === 0) &&
    start.readUInt32LE(UNIT_BYTES) === SENTINEL,
  scan: async (bytes) => {
    const endByte = await endOfBlobs(bytes);
    const attributions = [{ startByte: 0, endByte, what: 'tensor data' }];
    return { format: 'coreml-weights', verdict: 'CLEAN', findings: [], attributions, inventory: NO_INVENTORY };
  },
};

/** Where the last blob ends, padding included. @throws FormatFault where a description or the room between two is not as it must be */
async function endOfBlobs(bytes: ByteSource): Promise<number> {
  const { sizeBytes } = bytes;
  const count = (await bytes.read(0, UNIT_BYTES)).readUInt32LE(0);
  if (count > MOST_BLOBS) throw new FormatFault('LIMIT-HIT', `more than ${MOST_BLOBS} blobs`);
  let at = UNIT_BYTES;
  for (let index = 0; index < count; index += 1) {
    if (at + UNIT_BYTES > sizeBytes)
      throw new FormatFault('FORMAT-FAULT', `blob ${index + 1} of ${count} is not there`);
    const about = await bytes.read(at, UNIT_BYTES);
    const [length, offset] = [about.readBigUInt64LE(8), about.readBigUInt64LE(16)];
    const start = at + UNIT_BYTES;
    if (about.readUInt32LE(0) !== SENTINEL || offset !== BigInt(start) || length > BigInt(sizeBytes - start))
      throw new FormatFault('FORMAT-FAULT', `the blob described at ${at} does not lie behind it`);
    const end = start + Number(length);
    at = Math.min(sizeBytes, Math.ceil(end / UNIT_BYTES) * UNIT_BYTES);
    if (at > end && (await bytes.read(end, at - end)).some((byte) => byte !== 0))
      throw new FormatFault('FORMAT-FAULT', `padding at ${end} that is not zero`);
  }
  return at;
}
