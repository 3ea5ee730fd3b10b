import type { ArgumentRule } from './shapes.js';

/** What a reader of one kind of file may import and call: data, by which a stream is held to be harmless. Names are `module.name`, as Python 3 knows them. */
export interface PickleProfile {
  readonly name: 'plain' | 'torch' | 'torch-tar' | 'numpy' | 'joblib';
  readonly callable: ReadonlyMap<string, ArgumentRule>;
  /** May be imported and stand as a value, not be called. */
  readonly values: ReadonlySet<string>;
  readonly valuePattern?: RegExp;
  /** Of objects that these make, what BUILD may set. Others may not be built. */
  readonly buildable: ReadonlyMap<string, ArgumentRule>;
  /** Whose results SETITEM and SETITEMS may fill. */
  readonly fillable: ReadonlySet<string>;
  /** The only ones that the reader knows, where it knows fewer than all. */
  readonly opcodes?: ReadonlySet<number>;
  readonly persistentId?: ArgumentRule;
}
