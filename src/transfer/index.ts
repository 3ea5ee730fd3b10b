export { pieceBytesFor } from './pieces/piece-size.js';
export type {
  Demand,
  LandedPieces,
  PieceRecord,
  Transfer,
  TransferOptions,
  TransferResult,
  Transfers,
  TransferTask,
  Wanted,
} from './port.js';
export { hasPartial, resumableBytes } from './resumable.js';
export { openThreads, type TransferThreads } from './threads.js';
export { transfer } from './transfer.js';
export { openTransfers } from './transfers.js';
