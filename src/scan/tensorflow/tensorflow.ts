import { readConfig } from '../config/read-config.js';
import { HookBook } from '../hooks.js';
import { parseLooseJson } from '../json/loose-json.js';
import type { Format } from '../port.js';
import { walkProtobuf, type WireMessage } from '../protobuf/walk.js';
import { TENSORFLOW_REACHING } from './ops.js';
import { saverOps, type GraphNode } from './saver.js';
import { TENSORFLOW_SCHEMA } from './schema.js';

/** TensorFlow's protobufs by their names: nothing in their bytes says what they are. */
export const TENSORFLOW: Format = {
  format: 'tensorflow',
  claims: (_start, name) => /\.pb$/i.test(name),
  scan: async (bytes, { name, members }) => {
    const book = new HookBook(members);
    const graph = new GraphCollector();
    const { attributions } = await walkProtobuf(bytes, TENSORFLOW_SCHEMA, rootOf(name), (message) =>
      graph.take(message),
    );
    const isSavers = saverOps(graph.nodes, graph.saver);
    for (const node of graph.nodes)
      // Names of the graph's own functions are operations too.
      if (!graph.functions.has(node.op) || TENSORFLOW_REACHING.has(node.op))
        book.add(isSavers(node) ? 'tf.saver' : 'tf.op', node.op, node.offsetBytes);
    for (const asset of graph.assets) book.add('tf.asset', asset);
    const keras = graph.kerasObjects.map((text) => readConfig(parseLooseJson(text), name, members));
    const inventory = {
      imports: [],
      calls: [],
      templates: keras.flatMap(({ templates }) => templates),
      hooks: [...book.hooks, ...keras.flatMap(({ hooks }) => hooks)],
    };
    const findings = [...book.findings, ...keras.flatMap((reading) => reading.findings)];
    return { format: 'tensorflow', verdict: 'CLEAN', findings, attributions, inventory };
  },
};

function rootOf(name: string): string {
  const base = name.slice(name.lastIndexOf('/') + 1).toLowerCase();
  if (base === 'saved_model.pb') return 'SavedModel';
  if (base === 'keras_metadata.pb') return 'KerasMetadata';
  return base === 'fingerprint.pb' ? 'Fingerprint' : base.endsWith('.meta.pb') ? 'MetaGraph' : 'Graph';
}

/** Inner messages are told first: nodes wait for the function around them, functions for the library. */
class GraphCollector {
  readonly nodes: GraphNode[] = [];
  readonly functions = new Set<string>();
  readonly assets: string[] = [];
  /** What Keras keeps of each layer: JSON. */
  readonly kerasObjects: string[] = [];
  readonly saver = { save: [] as string[], restore: [] as string[] };
  private calls: string[] = [];
  private signature = '';
  private inFunction: Omit<GraphNode, 'within'>[] = [];

  take({ type, texts, path, startByte }: WireMessage): void {
    const last = (field: number): string => texts.get(field)?.at(-1) ?? '';
    if (type === 'Called') this.calls.push(...(texts.get(1) ?? []));
    else if (type === 'Signature') this.signature = last(1);
    else if (type === 'Asset') this.assets.push(...(texts.get(2) ?? []));
    else if (type === 'KerasObject') this.kerasObjects.push(...(texts.get(5) ?? []));
    else if (type === 'Saver') {
      this.saver.save.push(...(texts.get(1) ?? []), ...(texts.get(2) ?? []));
      this.saver.restore.push(...(texts.get(3) ?? []));
    } else if (type === 'Node') {
      const calls = this.calls;
      this.calls = [];
      for (const op of texts.get(2) ?? ['']) {
        const node = { name: last(1), op, calls: [...calls, op], offsetBytes: startByte };
        if (path.includes('Function')) this.inFunction.push(node);
        else this.nodes.push({ ...node, within: undefined });
      }
    } else if (type === 'Function') {
      this.functions.add(this.signature);
      for (const node of this.inFunction) this.nodes.push({ ...node, within: this.signature });
      this.inFunction = [];
      this.calls = [];
    }
  }
}
