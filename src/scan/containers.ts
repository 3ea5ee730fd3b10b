import { archivesFormat } from './archives/archives.js';
import { ggufFormat } from './gguf/gguf.js';
import { gzipFormat } from './gzip/gzip.js';
import { zlibFormat } from './gzip/zlib.js';
import { joblibFormat } from './joblib/joblib.js';
import { npyFormat } from './npy/npy.js';
import type { Format } from './port.js';
import { programsFormat } from './programs/programs.js';
import { safetensorsFormat } from './safetensors/safetensors.js';
import { tarFormat } from './tar/tar.js';
import { torchLegacyFormat } from './torch/legacy.js';
import { zipFormat } from './zip/zip.js';

/** All formats of archives, arrays and checkpoints. */
export const CONTAINERS: readonly Format[] = [
  ...[zipFormat, tarFormat, gzipFormat, zlibFormat, archivesFormat],
  ...[torchLegacyFormat, joblibFormat, npyFormat, safetensorsFormat, ggufFormat, programsFormat],
];
