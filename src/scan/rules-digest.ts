import { createHash } from 'node:crypto';
import * as config from './config/hook-rules.js';
import { EXPECTED } from './file-names.js';
import * as jinja from './jinja/names.js';
import * as keras from './keras/classes.js';
import { ONNX_DOMAINS } from './onnx/hook-rules.js';
import { PICKLE_TABLES } from './pickle/judge/tables.js';
import { RULES } from './rules.js';
import * as skops from './skops/hook-rules.js';
import * as tensorflow from './tensorflow/ops.js';
import { TFLITE_KNOWN } from './tflite/hook-rules.js';
import { FETCH_AND_RUN, KNOWN_INSTALLERS } from './text/fetch-and-run.js';
import { SECRETS } from './text/secrets.js';

/** Raised by whoever changes what a reader or a judge decides in code. */
export const SCANNER_VERSION = 5;

/** Every table by which verdicts are made. A reader with tables of its own adds them here: a changed table makes old verdicts void. */
const TABLES: Readonly<Record<string, unknown>> = {
  rules: RULES,
  pickles: PICKLE_TABLES,
  names: EXPECTED,
  config,
  jinja,
  keras,
  skops: [skops.SKOPS_TYPES, skops.SKOPS_REACHING],
  tensorflow,
  onnx: ONNX_DOMAINS,
  tflite: TFLITE_KNOWN,
  text: [FETCH_AND_RUN, [...KNOWN_INSTALLERS], SECRETS],
};

/** SHA-256 of the scanner's version and its tables, as hex. Kept verdicts are valid for one digest only. */
export const RULES_DIGEST = createHash('sha256')
  .update(JSON.stringify([SCANNER_VERSION, TABLES], (_key, value: unknown) => stable(value)))
  .digest('hex');

function stable(value: unknown): unknown {
  if (value instanceof Set) return [...value].sort();
  if (value instanceof Map) return [...value].sort();
  if (value instanceof RegExp) return value.source;
  return value;
}
