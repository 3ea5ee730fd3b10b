export { pieceBytesFor } from './pieces/piece-size.js';
export type { PieceRecord, Transfer, TransferOptions, TransferResult, TransferTask } from './port.js';
export { hasPartial, resumableBytes } from './resumable.js';
export { openThreads, type TransferThreads } from './threads.js';
export { transfer } from './transfer.js';
