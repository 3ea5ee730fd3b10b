import type { ByteSource, Finding } from '../port.js';

/** A symbolic value: what a reader of the pickle would hold, without anything imported or called. Containers are shared by reference, as in the stream. */
export type PickleValue =
  | { readonly kind: 'none' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  /** `text` up to 1 MiB; longer ones have none. */
  | { readonly kind: 'str'; readonly text?: string; readonly offsetBytes: number; readonly lengthBytes: number }
  | { readonly kind: 'bytes'; readonly isMutable: boolean; readonly offsetBytes: number; readonly lengthBytes: number }
  | { readonly kind: 'list'; readonly items: PickleValue[] }
  | { readonly kind: 'tuple'; readonly items: readonly PickleValue[] }
  | { readonly kind: 'set'; readonly isFrozen: boolean; readonly items: PickleValue[] }
  | { readonly kind: 'dict'; readonly entries: [PickleValue, PickleValue][] }
  | { readonly kind: 'global'; readonly module: string; readonly name: string }
  /** The result of calling `callee`; what APPEND, SETITEM and BUILD did to it afterwards is kept beside. */
  | {
      readonly kind: 'object';
      readonly how: 'reduce' | 'newobj' | 'newobj-ex' | 'inst' | 'obj';
      readonly callee: PickleValue;
      readonly args: readonly PickleValue[];
      readonly kwargs?: PickleValue;
      readonly items: PickleValue[];
      readonly entries: [PickleValue, PickleValue][];
      state?: PickleValue;
    }
  | { readonly kind: 'persistent'; readonly id: PickleValue }
  | { readonly kind: 'buffer' };

export interface PickleImport {
  /** As written. */
  readonly module: string;
  readonly name: string;
  /** As a Python 3 reader maps it, where that differs. */
  readonly mapped?: { readonly module: string; readonly name: string };
  readonly offsetBytes: number;
}

export interface PickleCall {
  readonly target: PickleValue;
  /** `append`, `__setitem__`, `__setstate__`, … where a method of the target is what is called. */
  readonly method?: string;
  readonly offsetBytes: number;
}

/** One stream, from its first opcode to STOP or to where it breaks. */
export interface PickleRun {
  readonly startByte: number;
  /** Behind STOP; where it broke, if it did. */
  readonly endByte: number;
  /** `broken`: no reader ends it; all that is before the break has run by then. `noncanonical`: readers disagree. */
  readonly outcome: 'ok' | 'noncanonical' | 'broken';
  readonly protocol: number;
  readonly root?: PickleValue;
  readonly imports: readonly PickleImport[];
  readonly calls: readonly PickleCall[];
  /** What is wrong with the stream itself, whatever it imports: `PKL-NONCANONICAL`, `PKL-BROKEN`, `PKL-BUILD-GLOBAL`, `LIMIT-HIT`, … */
  readonly findings: readonly Finding[];
  /** Bytes inside the stream that are raw data by `afterBuild`. */
  readonly rawSpans: readonly { readonly startByte: number; readonly endByte: number }[];
}

export interface PickleOptions {
  /** Whether BINPERSID is legal here and what it stands for (torch storages); without it a persistent id is a finding. */
  readonly isPersistentIdAllowed?: boolean;
  /** Text of other than ASCII in the old string opcodes is UTF-8 (torch), instead of noncanonical. */
  readonly isEncodingUtf8?: boolean;
  /** Called after BUILD of an object: how many bytes of raw data follow in the stream (joblib's arrays). `undefined`: none. Throwing breaks the stream. */
  readonly afterBuild?: (object: PickleValue, offsetBytes: number, bytes: ByteSource) => Promise<number | undefined>;
}

/** `runPickle` in `machine.ts`: never throws for bytes that are wrong. */
export type RunPickle = (
  bytes: ByteSource,
  startByte: number,
  members: readonly string[],
  options?: PickleOptions,
) => Promise<PickleRun>;
