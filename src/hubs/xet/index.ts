export { createXetAccess, xetTokenUrl, type XetAccess, type XetAccessOptions } from './access.js';
export { ChunkMap } from './chunk-map.js';
export {
  encodeChunkDocument,
  encodeHeader,
  encodeSpan,
  readChunkDocument,
  type ChunkDocument,
} from './chunk-records.js';
export { createDecodePool, type DecodePool } from './decode/pool.js';
export { HeldChunks, leftToFetch, type HeldPart } from './held-chunks.js';
export type { ByteSpan, ChunkSpan, KnownChunks, OpenFile, XetProgress, XetTarget } from './port.js';
export { createXetFile, type XetCounters, type XetFile, type XetFileOptions } from './xet-file.js';
