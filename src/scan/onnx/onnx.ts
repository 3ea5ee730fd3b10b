import { HookBook } from '../hooks.js';
import type { Finding, Format } from '../port.js';
import { walkProtobuf, type WireMessage } from '../protobuf/walk.js';
import { finding } from '../rules.js';
import { ONNX_SCHEMA } from './schema.js';

const KEYS = new Set(['location', 'offset', 'length', 'checksum', 'basepath']);
const EXTERNAL = 1n;

/** ONNX: the graph with its subgraphs and functions, who computes it, and where it takes its data from. */
export const ONNX: Format = {
  format: 'onnx',
  claims: (start, name) => /\.(?:onnx|ort_onnx)$/i.test(name) || looksLikeOnnx(start),
  scan: async (bytes, { members }) => {
    const book = new HookBook(members);
    const findings: Finding[] = [];
    const external = new ExternalData(book, findings, members);
    const operators = new Operators();
    const { attributions } = await walkProtobuf(bytes, ONNX_SCHEMA, 'Model', (message) => {
      operators.take(message);
      external.take(message);
    });
    operators.tell(book);
    const inventory = { imports: [], calls: [], templates: [], hooks: book.hooks };
    return { format: 'onnx', verdict: 'CLEAN', findings: [...book.findings, ...findings], attributions, inventory };
  },
};

/** ir_version 3 to 99 first, then the producer's name or an opset: what every exporter writes. */
function looksLikeOnnx(start: Buffer): boolean {
  const [tag, version = 0, next, length = 0] = start;
  if (tag !== 0x08 || version < 3 || version > 99 || next !== 0x12 || length === 0 || length > 64) return false;
  return /^[\w .+-]+$/.test(start.toString('latin1', 4, 4 + length));
}

/** Who computes: domains, and which of them the model brings along as functions of its own. */
class Operators {
  private readonly domains = new Map<string, number>();
  /** `domain::op`, where first. */
  private readonly ops = new Map<string, number>();
  private readonly functions = new Set<string>();

  take({ type, texts, startByte }: WireMessage): void {
    // Of a field that stands there twice readers take the last; all of them are judged.
    const each = (field: number): readonly string[] => texts.get(field) ?? [''];
    if (type === 'Opset') for (const domain of each(1)) first(this.domains, domain, startByte);
    if (type === 'Function')
      for (const domain of each(10)) for (const name of each(1)) this.functions.add(`${domain}::${name}`);
    if (type === 'Node')
      for (const domain of each(7))
        for (const op of each(4)) {
          first(this.domains, domain, startByte);
          first(this.ops, `${domain}::${op}`, startByte);
        }
  }

  tell(book: HookBook): void {
    for (const [op, at] of this.ops) book.add('onnx.op', op, at);
    for (const [domain, at] of this.domains) {
      const own = [...this.functions].some((name) => name.startsWith(`${domain}::`));
      const isOwn = own && [...this.ops.keys()].every((op) => !op.startsWith(`${domain}::`) || this.functions.has(op));
      book.add(isOwn ? 'onnx.own-domain' : 'onnx.domain', domain, at);
    }
  }
}

function first(map: Map<string, number>, key: string, at: number): void {
  if (!map.has(key)) map.set(key, at);
}

/** Entries come before the tensor that they belong to. */
class ExternalData {
  private entries: { key: string; value: string; at: number }[] = [];

  constructor(
    private readonly book: HookBook,
    private readonly findings: Finding[],
    private readonly members: readonly string[],
  ) {}

  take({ type, texts, numbers, startByte }: WireMessage): void {
    if (type === 'External')
      for (const key of texts.get(1) ?? [''])
        for (const value of texts.get(2) ?? ['']) this.entries.push({ key, value, at: startByte });
    if (type !== 'Tensor') return;
    const entries = this.entries;
    this.entries = [];
    const isExternal = (numbers.get(14) ?? []).includes(EXTERNAL);
    if (entries.length === 0 && !isExternal) return;
    for (const { key, value, at } of entries) {
      if (key === 'location') this.book.add('onnx.external', value, at);
      else if (!KEYS.has(key)) this.book.add('onnx.external-key', key, at);
      else if ((key === 'offset' || key === 'length') && !/^(?:0|[1-9]\d{0,15})$/.test(value))
        this.fault(`${key} ${JSON.stringify(value)}`, at);
      else if (key === 'basepath') this.fault(`basepath ${JSON.stringify(value)}`, at);
    }
    const keys = entries.map(({ key }) => key);
    if (new Set(keys).size < keys.length) this.fault('a key that stands there twice', startByte);
    if (isExternal && !keys.includes('location')) this.fault('no location', startByte);
  }

  private fault(reason: string, at: number): void {
    this.findings.push(finding('ONNX-EXTDATA', `external data with ${reason}`, this.members, at));
  }
}
