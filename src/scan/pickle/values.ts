import type { PickleValue } from './port.js';

export const NONE: PickleValue = { kind: 'none' };
export const TRUE: PickleValue = { kind: 'bool', value: true };
export const FALSE: PickleValue = { kind: 'bool', value: false };
export const BUFFER: PickleValue = { kind: 'buffer' };
export const EMPTY_TUPLE: PickleValue = { kind: 'tuple', items: [] };
/** Stands for what a stream cannot have got from where it takes it: nothing is known of it but that it may be anything. */
export const UNKNOWN: PickleValue = { kind: 'global', module: '?', name: '?' };

const SMALL: readonly PickleValue[] = Array.from({ length: 1024 }, (_, value) => ({
  kind: 'int',
  value: BigInt(value),
}));

export function intValue(value: number): PickleValue {
  return SMALL[value] ?? { kind: 'int', value: BigInt(value) };
}

/** In one line for a person: `os.system`, `OrderedDict()`, `a list`. */
export function nameOf(value: PickleValue): string {
  switch (value.kind) {
    case 'global':
      return quoted(`${value.module}.${value.name}`);
    case 'object':
      return `${nameOf(value.callee)}(…)`;
    case 'persistent':
      return 'a persistent id';
    case 'none':
      return 'None';
    case 'int':
    case 'bool':
    case 'float':
    case 'str':
    case 'bytes':
    case 'list':
    case 'tuple':
    case 'set':
    case 'dict':
    case 'buffer':
      return `a ${value.kind}`;
  }
}

const MOST_SHOWN = 200;

/** Foreign text as it can be printed: one line, no control characters, not too long. */
export function quoted(text: string): string {
  const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  return /^[\w.]+$/.test(shown) ? shown : JSON.stringify(shown).replace(/[^\x20-\x7e…]/g, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
