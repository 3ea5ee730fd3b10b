import { NO_INVENTORY } from './inventory.js';
import type { Format } from './port.js';

const RAW = /\.onnx(?:_data|\.data|_data_\d+)$|(?:^|\/)openvino_[\w-]*\.bin$|(?:^|\/)variables\.data-\d{5}-of-\d{5}$/i;
const INDEX = /(?:^|\/)variables\.index$/i;
/** The last eight bytes of a LevelDB table. */
const TABLE_MAGIC = Buffer.from('57fb808b247547db', 'hex');

/** Numbers without a structure, which only the file beside them describes: ONNX's external data, TensorFlow's checkpoints and the weights of OpenVINO. Whoever opens them by these names reads numbers. */
export const RAW_TENSORS: Format = {
  format: 'raw-tensors',
  claims: (_start, name) => RAW.test(name) || INDEX.test(name),
  scan: async (bytes, { name }) => {
    const { sizeBytes } = bytes;
    const end = await bytes.read(Math.max(0, sizeBytes - TABLE_MAGIC.length), Math.min(sizeBytes, TABLE_MAGIC.length));
    const isWhatItSays = !INDEX.test(name) || end.equals(TABLE_MAGIC);
    const attributions = isWhatItSays ? [{ startByte: 0, endByte: sizeBytes, what: 'tensor data, by its name' }] : [];
    return { format: 'raw-tensors', verdict: 'CLEAN', findings: [], attributions, inventory: NO_INVENTORY };
  },
};
