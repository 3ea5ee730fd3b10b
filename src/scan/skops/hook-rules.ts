import type { HookJudge } from '../hooks.js';
import { labelOf } from '../pickle/judge/label-of.js';

/** Classes that hold values, and estimators: skops fills them without calling what is in the file. */
export const SKOPS_TYPES =
  /^(?:builtins\.(?:int|float|complex|str|bool|bytes|bytearray|dict|list|tuple|set|frozenset|slice|NoneType)|collections\.(?:OrderedDict|defaultdict)|datetime\.(?:datetime|timedelta)|numpy\.(?:ndarray|matrix|dtype|bool_?|str_|bytes_|datetime64|timedelta64|(?:u?int|float|complex)\d+|generic)|numpy\.ma(?:\.core)?\.MaskedArray|numpy\.dtypes\.\w+DType|numpy\.random(?:\.mtrand|\._generator)?\.(?:RandomState|Generator)|scipy\.sparse(?:\._[a-z]+)?\.[a-z]+_(?:matrix|array)|sklearn(?:\.[a-z_]\w*)+\.[A-Z]\w*)$/;
/** Nodes that look up an attribute or a function, or call one. CVE-2025-54412 and CVE-2025-54413 are about two of them. */
export const SKOPS_REACHING: ReadonlySet<string> = new Set(
  'MethodNode OperatorFuncNode FunctionNode PartialNode TypeNode ReduceNode'.split(' '),
);

export const SKOPS_HOOKS: Readonly<Record<string, HookJudge>> = {
  /** `module.name`. */
  'skops.type': (value) => {
    const at = value.lastIndexOf('.');
    const label = labelOf(value.slice(0, at), value.slice(at + 1));
    if (label !== undefined) return { rule: 'SKOPS-TYPE', reason: label.reason, severity: label.severity };
    return SKOPS_TYPES.test(value)
      ? undefined
      : { rule: 'SKOPS-TYPE', reason: 'nothing that is known to hold values alone' };
  },
  'skops.node': (value) =>
    SKOPS_REACHING.has(value) ? { rule: 'SKOPS-TYPE', reason: 'looks up what it names, or calls it' } : undefined,
};
