import type { PickleValue } from './format-pickle.js';

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads what Python's pickle wrote, protocols 0 to 5, by a machine that knows only strings, lists and dicts: whatever would import or
 * call something, and everything malformed, gives undefined.
 */
export function parsePickle(bytes: Buffer): PickleValue | undefined {
  if (bytes.length > MAX_BYTES) return undefined;
  try {
    return new Machine(bytes).run();
  } catch {
    return undefined;
  }
}

type Item = { kind: 'text'; text: string } | { kind: 'list'; items: Item[] } | { kind: 'dict'; map: Map<string, Item> };
const MARK = Symbol('mark');
const MAX_DEPTH = 20;

class Machine {
  #at = 0;
  readonly #stack: (Item | typeof MARK)[] = [];
  readonly #memo = new Map<number, Item>();
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  run(): PickleValue {
    for (;;) {
      const code = String.fromCharCode(this.#byte());
      if (code === '.') return plain(this.#pop(), 0);
      this.#step(code);
    }
  }

  #step(code: string): void {
    if (this.#text(code) || this.#container(code) || this.#memory(code)) return;
    if (code === '\x80') this.#byte();
    else if (code === '\x95') this.#take(8);
    else throw new Error('opcode not needed here');
  }

  #text(code: string): boolean {
    if (code === 'V') this.#push(unescape(this.#line()));
    else if (code === 'X') this.#push(this.#take(this.#take(4).readUInt32LE()).toString('utf8'));
    else if (code === '\x8c') this.#push(this.#take(this.#byte()).toString('utf8'));
    else if (code === 'U') this.#push(this.#take(this.#byte()).toString('latin1'));
    else return false;
    return true;
  }

  #container(code: string): boolean {
    if (code === '(') this.#stack.push(MARK);
    else if (code === ']') this.#stack.push({ kind: 'list', items: [] });
    else if (code === '}') this.#stack.push({ kind: 'dict', map: new Map() });
    else if (code === 'l') this.#stack.push({ kind: 'list', items: this.#popToMark() });
    else if (code === 'd') this.#stack.push(setAll({ kind: 'dict', map: new Map() }, this.#popToMark()));
    else if (code === 'a') append(this.#top(1), [this.#pop()]);
    else if (code === 'e') this.#after((target, items) => append(target, items));
    else if (code === 's') this.#set();
    else if (code === 'u') this.#after((target, items) => void setAll(target, items));
    else return false;
    return true;
  }

  #memory(code: string): boolean {
    if (code === 'p') this.#memo.set(Number(this.#line()), this.#top());
    else if (code === 'q') this.#memo.set(this.#byte(), this.#top());
    else if (code === 'r') this.#memo.set(this.#take(4).readUInt32LE(), this.#top());
    else if (code === '\x94') this.#memo.set(this.#memo.size, this.#top());
    else if (code === 'g') this.#recall(Number(this.#line()));
    else if (code === 'h') this.#recall(this.#byte());
    else if (code === 'j') this.#recall(this.#take(4).readUInt32LE());
    else return false;
    return true;
  }

  #set(): void {
    const value = this.#pop();
    const key = this.#pop();
    setAll(this.#top(), [key, value]);
  }

  #after(use: (target: Item, items: Item[]) => void): void {
    const items = this.#popToMark();
    use(this.#top(), items);
  }

  #recall(slot: number): void {
    const item = this.#memo.get(slot);
    if (item === undefined) throw new Error('nothing in that slot');
    this.#stack.push(item);
  }

  #push(text: string): void {
    this.#stack.push({ kind: 'text', text });
  }

  #pop(): Item {
    const item = this.#stack.pop();
    if (item === undefined || item === MARK) throw new Error('stack underflow');
    return item;
  }

  #top(below = 0): Item {
    const item = this.#stack.at(-1 - below);
    if (item === undefined || item === MARK) throw new Error('stack underflow');
    return item;
  }

  #popToMark(): Item[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) throw new Error('no mark');
    return this.#stack.splice(at).filter((item): item is Item => item !== MARK);
  }

  #byte(): number {
    return this.#take(1).readUInt8();
  }

  #line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw new Error('line without end');
    const line = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return line;
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new Error('cut short');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

function append(target: Item, items: readonly Item[]): void {
  if (target.kind !== 'list') throw new Error('not a list');
  for (const item of items) target.items.push(item);
}

function setAll(target: Item, items: readonly Item[]): Item {
  if (target.kind !== 'dict' || items.length % 2 !== 0) throw new Error('not a dict');
  for (let index = 0; index < items.length; index += 2) {
    const [key, value] = [items[index], items[index + 1]];
    if (key?.kind !== 'text' || value === undefined) throw new Error('not a key');
    target.map.set(key.text, value);
  }
  return target;
}

/** Lists may hold themselves, or each other many times over: only what is shallow is a value. */
function plain(item: Item, depth: number): PickleValue {
  if (depth > MAX_DEPTH) throw new Error('too deep');
  if (item.kind === 'text') return item.text;
  if (item.kind === 'list') return item.items.map((inner) => plain(inner, depth + 1));
  return Object.fromEntries([...item.map].map(([key, inner]) => [key, plain(inner, depth + 1)]));
}

function unescape(line: string): string {
  return line.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (_, short?: string, long?: string) =>
    String.fromCodePoint(Number.parseInt(short ?? long ?? '', 16)),
  );
}
