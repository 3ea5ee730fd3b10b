export { createXetAccess, xetTokenUrl, type XetAccess, type XetAccessOptions } from './access.js';
export { ChunkLibrary, type ChunkListFiles } from './chunk-library.js';
export { createDecodePool, type DecodePool } from './decode/pool.js';
export type { WrittenSum, XetTarget } from './port.js';
export { createXetFile, type ChunkVerdict, type XetFile } from './xet-file.js';
