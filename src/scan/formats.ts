import { CODE } from './code.js';
import { JSON_FORMAT } from './config/json.js';
import { CONTAINERS } from './containers.js';
import { COREML } from './coreml/coreml.js';
import { COREML_WEIGHTS } from './coreml/weights.js';
import { HDF5 } from './hdf5/hdf5.js';
import { MEDIA } from './images/media.js';
import { MSGPACK } from './msgpack/msgpack.js';
import { JINJA } from './jinja/jinja.js';
import { ONNX } from './onnx/onnx.js';
import { PICKLE } from './pickle/pickle.js';
import type { Format } from './port.js';
import { RAW_TENSORS } from './raw-tensors.js';
import { SENTENCEPIECE } from './sentencepiece/sentencepiece.js';
import { TENSORFLOW } from './tensorflow/tensorflow.js';
import { TEXT } from './text/text.js';
import { TFLITE } from './tflite/tflite.js';
import { XML } from './xml/xml.js';
import { YAML } from './yaml/yaml.js';

/** Every format that the scanner reads. All that claim some bytes are asked about them, so the order means nothing. */
export const FORMATS: readonly Format[] = [
  TEXT,
  JSON_FORMAT,
  YAML,
  XML,
  MSGPACK,
  JINJA,
  CODE,
  ONNX,
  COREML,
  COREML_WEIGHTS,
  HDF5,
  TENSORFLOW,
  TFLITE,
  SENTENCEPIECE,
  RAW_TENSORS,
  ...MEDIA,
  ...CONTAINERS,
  PICKLE,
];
