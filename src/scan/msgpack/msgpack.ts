import { FormatFault } from '../format-fault.js';
import { NO_INVENTORY } from '../inventory.js';
import type { Format } from '../port.js';
import { sliceOf } from '../sources.js';
import { walkMsgpack } from './walk.js';

/** As Flax numbers them: an array, a complex number, a number of NumPy. */
const FLAX_EXTENSIONS: ReadonlySet<number> = new Set([1, 2, 3]);

/** MessagePack as Flax keeps weights: names, numbers and arrays. Its reader makes nothing else of them, and no object of any other class. */
export const MSGPACK: Format = {
  format: 'msgpack',
  claims: (start, name) => start.length > 0 && /\.msgpack$/i.test(name),
  scan: async (bytes) => {
    await walkMsgpack(bytes, async (type, startByte, lengthBytes) => {
      if (!FLAX_EXTENSIONS.has(type)) throw new FormatFault('MSGPACK', `an extension ${type}, which Flax has not`);
      // What is in one is MessagePack again: shape, type and numbers.
      await walkMsgpack(sliceOf(bytes, startByte, lengthBytes), (inner) => {
        throw new FormatFault('MSGPACK', `an extension ${inner} in another`);
      });
    });
    const attributions = [{ startByte: 0, endByte: bytes.sizeBytes, what: 'msgpack' }];
    return { format: 'msgpack', verdict: 'CLEAN', findings: [], attributions, inventory: NO_INVENTORY };
  },
};
