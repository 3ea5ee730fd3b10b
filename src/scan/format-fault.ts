/** What a file of weights breaks of its format. Stable: verdicts and policies name them. */
export type FormatRule =
  | 'JSON'
  | 'ST-LENGTH'
  | 'ST-HEADER'
  | 'ST-TENSOR'
  | 'ST-GAP'
  | 'ZIP-DIRECTORY'
  | 'ZIP-HEADER-MISMATCH'
  | 'TAR-HEADER'
  | 'NPY-HEADER'
  | 'JOBLIB-ARRAY'
  | 'TORCH-LAYOUT'
  | 'TORCH-STORAGE'
  | 'PACKED-FAULT'
  | 'LIMIT-HIT'
  | 'GGUF-MAGIC'
  | 'GGUF-VERSION'
  | 'GGUF-LIMIT'
  | 'GGUF-TRUNCATED'
  | 'GGUF-VALUE'
  | 'GGUF-TENSOR'
  | 'MSGPACK'
  | 'PB-FAULT'
  | 'FB-FAULT'
  | 'FORMAT-FAULT'
  | 'HDF5-FAULT';

/** A file is not what its format says it must be. Every reader of this room throws this and nothing else for bytes that are wrong. */
export class FormatFault extends Error {
  override readonly name = 'FormatFault';

  constructor(
    readonly rule: FormatRule,
    reason: string,
  ) {
    super(reason);
  }
}
