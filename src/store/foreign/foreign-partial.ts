import type { Digests } from '../../base/index.js';

/** Bytes [startByte, endByte) of the wanted file. */
export interface ByteRange {
  readonly startByte: number;
  readonly endByte: number;
}

/** A file of another tool that claims to hold bytes of the wanted one. Only a claim: whoever takes them proves them. */
export interface ForeignPartial {
  readonly path: string;
  /** For people: `huggingface_hub`, `aria2`, ... */
  readonly tool: string;
  /** Where it claims to have bytes of the wanted file; ascending, not overlapping, not empty. */
  readonly ranges: readonly ByteRange[];
  /** Which byte of the wanted file is this file's first. Not 0 only for part files, which come only when asked for. */
  readonly atByte: number;
}

/** Where other tools keep things. */
export interface ForeignPlaces {
  /** `~/.cache/huggingface/hub` */
  readonly hfCache?: string;
  /** `~/.cache/modelscope` */
  readonly msCache?: string;
  /** `~/.ollama/models` */
  readonly ollamaModels?: string;
  /** Folders that the files themselves are downloaded into (`--local-dir`, aria2, curl). */
  readonly flatFolders?: readonly string[];
}

/** The wanted file. */
export interface ForeignSearch {
  readonly digests: Digests;
  readonly sizeBytes: number | undefined;
  /** Path in its repository. */
  readonly path?: string;
  /** For tools that name partials by repository: `owner/name`, its kind and revision. */
  readonly repository?: {
    readonly id: string;
    readonly kind: 'model' | 'dataset' | 'space';
    readonly revision: string;
  };
  /** Also files that hold only a part, from `atByte` on. */
  readonly partFiles?: boolean;
}
