import { FormatFault } from '../format-fault.js';
import type { Span } from '../ledger.js';
import { MOST_PROTOBUF_DEPTH } from '../limits.js';
import type { Attribution, ByteSource } from '../port.js';
import { WireWindow, type WireField } from './wire.js';

/**
 * What a field holds: `data` of any wire type, which is skipped; `text` and `number`, which are kept for who looks at the message;
 * or the name of a message. A field of another wire type than its kind has is unknown, as it is to protobuf itself.
 */
export type Schema = Readonly<Record<string, Readonly<Record<number, string>>>>;

/** A message when all of it was read. */
export interface WireMessage extends Span {
  readonly type: string;
  readonly texts: ReadonlyMap<number, readonly string[]>;
  readonly numbers: ReadonlyMap<number, readonly bigint[]>;
  /** The messages around it, outermost first. */
  readonly path: readonly string[];
}

export interface WireWalk {
  /** All but fields that the schema does not know. */
  readonly attributions: readonly Attribution[];
}

/** Walks a whole file as one message of `root`. Inner messages are told before outer ones. @throws FormatFault PB-FAULT */
export async function walkProtobuf(
  bytes: ByteSource,
  schema: Schema,
  root: string,
  tell: (message: WireMessage) => void,
): Promise<WireWalk> {
  const window = new WireWindow(bytes);
  const unknown: Span[] = [];
  const walk = async (type: string, span: Span, path: readonly string[]): Promise<void> => {
    if (path.length > MOST_PROTOBUF_DEPTH)
      throw new FormatFault('PB-FAULT', `messages nested deeper than ${MOST_PROTOBUF_DEPTH}`);
    const texts = new Map<number, string[]>();
    const numbers = new Map<number, bigint[]>();
    const kinds = schema[type] ?? {};
    const inner = [...path, type];
    for (let at = span.startByte; at < span.endByte;) {
      const field = await window.field(at, span.endByte);
      const kind = Object.hasOwn(kinds, field.number) ? (kinds[field.number] ?? '') : '';
      if (!fits(kind, field)) unknown.push({ startByte: at, endByte: field.endByte });
      else if (kind === 'text') push(texts, field.number, await window.text(field));
      else if (kind === 'number') push(numbers, field.number, field.value);
      else if (kind !== 'data') await walk(kind, field, inner);
      at = field.endByte;
    }
    tell({ type, texts, numbers, path, startByte: span.startByte, endByte: span.endByte });
  };
  await walk(root, { startByte: 0, endByte: bytes.sizeBytes }, []);
  return { attributions: complement(bytes.sizeBytes, unknown, root) };
}

function fits(kind: string, field: WireField): boolean {
  if (kind === '') return false;
  if (kind === 'data') return true;
  return kind === 'number' ? field.type === 0 : field.type === 2;
}

function push<T>(map: Map<number, T[]>, key: number, value: T): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

function complement(sizeBytes: number, unknown: readonly Span[], what: string): Attribution[] {
  const attributions: Attribution[] = [];
  let at = 0;
  for (const { startByte, endByte } of [...unknown, { startByte: sizeBytes, endByte: sizeBytes }]) {
    if (startByte > at) attributions.push({ startByte: at, endByte: startByte, what });
    at = endByte;
  }
  return attributions;
}
