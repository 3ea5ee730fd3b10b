import type { HookBook } from '../hooks.js';
import { isLooseObject, type LooseObject } from '../json/loose-json.js';

/** The hooks of one object, if it is how skops writes one. Every entry of a name that is there twice counts, each module with each class. */
export function skopsHooks(object: LooseObject, book: HookBook): void {
  const nodes = texts(object, '__loader__');
  if (nodes.length === 0) return;
  for (const node of nodes) book.add('skops.node', node);
  pairs(object, '__module__', '__class__', book);
  // Functions and methods stand one further in.
  for (const [name, content] of object.entries)
    if (name === 'content' && isLooseObject(content)) pairs(content, 'module_path', 'function', book);
}

function pairs(object: LooseObject, moduleKey: string, nameKey: string, book: HookBook): void {
  const names = texts(object, nameKey);
  for (const module of texts(object, moduleKey))
    for (const name of names.length === 0 ? ['?'] : names) book.add('skops.type', `${module}.${name}`);
}

function texts(object: LooseObject, key: string): string[] {
  return object.entries.flatMap(([name, value]) => (name === key && typeof value === 'string' ? [value] : []));
}
