import type { HookBook } from '../hooks.js';
import type { LooseJson, LooseObject } from '../json/loose-json.js';

const KEYS = new Set(['class_name', 'config', 'module', 'registered_name']);

/** The hooks of one object, if it is how Keras writes an object. Every entry of a name that is there twice counts. */
export function kerasHooks(object: LooseObject, book: HookBook): void {
  const texts = (name: string): string[] => all(object, name).filter((value) => typeof value === 'string');
  const isWritten = object.entries.some(([name]) => name !== 'class_name' && KEYS.has(name));
  const classes = texts('class_name');
  if (classes.length === 0 || !(isWritten || classes.some((name) => name.startsWith('__')))) return;
  const modules = texts('module');
  const qualified = (name: string): string[] =>
    modules.length === 0 ? [`|${name}`] : modules.map((module) => `${module}|${name}`);
  for (const name of classes) {
    if (name === 'function')
      for (const config of texts('config')) for (const one of qualified(config)) book.add('keras.function', one);
    else for (const one of qualified(name)) book.add('keras.class', one);
    for (const registered of texts('registered_name'))
      if (registered !== name && registered !== `keras>${name}` && !isOwn(registered))
        book.add('keras.registered', registered);
  }
}

/** Where Keras 2 writes its own place as the registered name. */
function isOwn(registered: string): boolean {
  return registered === 'function' || registered === '';
}

function all(object: LooseObject, name: string): LooseJson[] {
  return object.entries.flatMap(([key, value]) => (key === name ? [value] : []));
}
