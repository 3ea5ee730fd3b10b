/** Bytes [startByte, endByte) of a file. */
export interface ByteSpan {
  readonly startByte: number;
  readonly endByte: number;
}

/** Chunks of one xorb that follow one another there and in a file. */
export interface ChunkSpan {
  /** 64 hex. */
  readonly xorb: string;
  /** Index in the xorb of the first of them. */
  readonly firstChunk: number;
  /** Of its first byte in the file. */
  readonly position: number;
  /** 32 bytes each. */
  readonly hashes: Uint8Array;
  /** Raw bytes of each. */
  readonly lengths: Uint32Array;
}

/** Behind its last byte in the file. */
export function endOf(span: ChunkSpan): number {
  return span.lengths.reduce((end, length) => end + length, span.position);
}

/** A file that several threads write to. */
export interface OpenFile {
  /** Open for writing until whoever was given it has settled. */
  readonly fd: number;
  /** The turn that all writers of the file take (`WriteTurn`); without it they do not wait for each other. */
  readonly turn?: SharedArrayBuffer;
  /** How far may be written (`WriteReach`), which may become less at any time; what lies behind is dropped. Without it everything is written. */
  readonly reach?: SharedArrayBuffer;
  /** Of what is written CRC-32s are told (`XetProgress.written`), none of them across a multiple of so many bytes. */
  readonly sumBytes?: number;
}

/** Bytes that were written, hashed while they were in memory. */
export interface WrittenSum {
  readonly startByte: number;
  readonly lengthBytes: number;
  readonly crc32: number;
}

/** Where decoded bytes go. Written by the decoding threads themselves when there is a file: they then never pass through the main thread. */
export type XetTarget =
  | OpenFile
  | {
      /** Called with bytes in any order, each byte of the span once; they are the callee's. */
      deliver(bytes: Uint8Array, position: number): void | Promise<void>;
    };

/** What a fetch tells while it goes on. */
export interface XetProgress {
  /** So many stored bytes came over the wire. A promise holds the next ones back: a limit of bandwidth. */
  received?(wireBytes: number): void | Promise<void>;
  /** These bytes are written; told before `advanced` counts them, in any order. Only where the file asks for sums. */
  written?(sums: readonly WrittenSum[]): void;
  /** Everything in [startByte of the span, endByte) is with the target; `endByte` only grows. */
  advanced?(endByte: number): void;
  /** These bytes of the file were taken from one that is here instead of being fetched. */
  copied?(startByte: number, endByte: number): void;
  /** These chunks are hashed, and their bytes with the target. They may reach beyond the span's edges. */
  hashed?(span: ChunkSpan): void;
}

/** Hashes of chunks that are known from elsewhere: files landed before. */
export interface KnownChunks {
  /** 32 bytes. */
  expected(xorb: string, chunk: number): Uint8Array | undefined;
}
