import { TENSORFLOW_RESTORING, TENSORFLOW_SAVING } from './ops.js';

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** The function it stands in; undefined: the graph itself. */
  readonly within: string | undefined;
  /** Functions that it calls. */
  readonly calls: readonly string[];
  readonly offsetBytes: number;
}

/** What a saver_def names: its tensors and operations. */
export interface SaverNames {
  readonly save: readonly string[];
  readonly restore: readonly string[];
}

/** Helpers that stand in a saver beside what reads and writes. */
const nodeOf = (tensor: string): string => tensor.replace(/^\^/, '').replace(/:\d+$/, '');
const scopeOf = (name: string): string => name.slice(0, name.lastIndexOf('/') + 1);

/**
 * Whether an operation that writes or reads checkpoints is the saver's own: in a function that only the saver's save (or restore) node calls, or in the scope of the
 * saver's names in the graph itself. Saving in what restores is none: restoring runs when a model is loaded.
 */
export function saverOps(nodes: readonly GraphNode[], names: SaverNames): (node: GraphNode) => boolean {
  const save = new Set(names.save.map(nodeOf));
  const restore = new Set(names.restore.map(nodeOf));
  const calledBy = new Map<string, GraphNode[]>();
  for (const node of nodes)
    for (const called of node.calls) calledBy.set(called, [...(calledBy.get(called) ?? []), node]);
  const scopes = new Set([...save, ...restore].map(scopeOf).filter((scope) => scope !== ''));
  const isOnlyCalledBy = (name: string, callers: ReadonlySet<string>): boolean => {
    const all = calledBy.get(name) ?? [];
    return all.length > 0 && all.every((caller) => caller.within === undefined && callers.has(caller.name));
  };
  return ({ op, name, within }) => {
    const [isSaving, isRestoring] = [TENSORFLOW_SAVING.has(op), TENSORFLOW_RESTORING.has(op)];
    if (!isSaving && !isRestoring) return false;
    if (within === undefined) return scopes.has(`${name.split('/')[0] ?? ''}/`);
    return isOnlyCalledBy(within, isSaving ? save : restore);
  };
}
