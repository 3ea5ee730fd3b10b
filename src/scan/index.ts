export { FormatFault } from './format-fault.js';
export { parseGgufHeader, type GgufHeader } from './gguf/header.js';
export { GGUF_FILE_TYPES } from './gguf/types.js';
export { SAFETENSORS_LENGTH_BYTES, parseSafetensorsHeader, safetensorsHeaderBytes } from './safetensors/header.js';
