import type { PickleValue } from '../port.js';

/** Whether a value is what stands there in what libraries write. */
export type Shape = (value: PickleValue) => boolean;
/** Why the arguments of a call, or the state of BUILD, are not what libraries write; undefined where they are. */
export type ArgumentRule = (args: readonly PickleValue[]) => string | undefined;

export const none: Shape = ({ kind }) => kind === 'none';
export const bool: Shape = ({ kind }) => kind === 'bool';
export const str: Shape = ({ kind }) => kind === 'str';
export const bytes: Shape = ({ kind }) => kind === 'bytes';
export const float: Shape = ({ kind }) => kind === 'float' || kind === 'int';
export const int: Shape = ({ kind }) => kind === 'int';
export const count: Shape = (value) => value.kind === 'int' && value.value >= 0n;
export const dict: Shape = ({ kind }) => kind === 'dict';
export const list: Shape = ({ kind }) => kind === 'list';
export const anything: Shape = () => true;

export function either(...shapes: readonly Shape[]): Shape {
  return (value) => shapes.some((shape) => shape(value));
}

export function text(...texts: readonly string[]): Shape {
  return (value) => value.kind === 'str' && value.text !== undefined && texts.includes(value.text);
}

export function textLike(pattern: RegExp): Shape {
  return (value) => value.kind === 'str' && value.text !== undefined && pattern.test(value.text);
}

export function tupleOf(item: Shape): Shape {
  return (value) => value.kind === 'tuple' && value.items.every(item);
}

export function globalIn(names: ReadonlySet<string>): Shape {
  return (value) => value.kind === 'global' && names.has(globalName(value));
}

/** What a call of one of these gives. */
export function resultOf(names: ReadonlySet<string>): Shape {
  return (value) => value.kind === 'object' && value.callee.kind === 'global' && names.has(globalName(value.callee));
}

/** A value in which nothing is called or imported, however deep. */
export const plain: Shape = (value) => isPlain(value, 0);

const MOST_DEPTH = 32;

function isPlain(value: PickleValue, depth: number): boolean {
  if (depth > MOST_DEPTH) return false;
  switch (value.kind) {
    case 'list':
    case 'tuple':
    case 'set':
      return value.items.every((item) => isPlain(item, depth + 1));
    case 'dict':
      return value.entries.every((pair) => pair.every((item) => isPlain(item, depth + 1)));
    case 'none':
    case 'bool':
    case 'int':
    case 'float':
    case 'str':
    case 'bytes':
      return true;
    case 'global':
    case 'object':
    case 'persistent':
    case 'buffer':
      return false;
  }
}

/** Positional arguments: all of the first, then as many as there are of the others. */
export function signature(needed: readonly Shape[], optional: readonly Shape[] = []): ArgumentRule {
  const all = [...needed, ...optional];
  return (args) => {
    if (args.length < needed.length || args.length > all.length) return `${args.length} arguments`;
    const wrong = args.findIndex((value, at) => all[at]?.(value) !== true);
    return wrong === -1 ? undefined : `argument ${wrong + 1} is another than libraries write there`;
  };
}

/** The first that is content. */
export function oneOf(...rules: readonly ArgumentRule[]): ArgumentRule {
  return (args) => {
    const reasons = rules.map((rule) => rule(args));
    return reasons.includes(undefined) ? undefined : reasons[0];
  };
}

export function globalName(value: PickleValue): string {
  return value.kind === 'global' ? `${value.module}.${value.name}` : '';
}
