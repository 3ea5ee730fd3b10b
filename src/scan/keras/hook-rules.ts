import type { HookJudge } from '../hooks.js';
import { KERAS_CLASSES, KERAS_EXECUTING, KERAS_FUNCTIONS, KERAS_UNQUALIFIED, KERAS_VALUES } from './classes.js';

/** Modules under which Keras files functions. */
const FUNCTION_MODULES = new Set(['builtins', 'keras.activations', 'keras.losses', 'keras.metrics', '']);

export const KERAS_HOOKS: Readonly<Record<string, HookJudge>> = {
  /** `module|class`; a class alone has no module. */
  'keras.class': (value) => {
    const [module = '', name = ''] = splitAt(value);
    if (KERAS_EXECUTING.has(name))
      return { rule: 'KERAS-CLASS', reason: 'runs code of the file', severity: 'critical' };
    if (KERAS_VALUES.has(name) && (module === '' || module === 'builtins')) return undefined;
    if (module === '')
      return KERAS_UNQUALIFIED.has(name) ? undefined : { rule: 'KERAS-CUSTOM', reason: 'not a class of Keras' };
    if (KERAS_CLASSES.get(module)?.has(name)) return undefined;
    return { rule: 'KERAS-CLASS', reason: 'not on the list of those that only compute' };
  },
  'keras.function': (value) => {
    const [module = '', name = ''] = splitAt(value);
    if (!FUNCTION_MODULES.has(module))
      return { rule: 'KERAS-CLASS', reason: 'a function of a module that is imported' };
    return KERAS_FUNCTIONS.has(name) ? undefined : { rule: 'KERAS-CUSTOM', reason: 'not a function of Keras' };
  },
  /** Under which a program registered its own class. */
  'keras.registered': () => ({ rule: 'KERAS-CUSTOM', reason: 'a class that the user’s program must have' }),
};

function splitAt(value: string): string[] {
  const at = value.indexOf('|');
  return at < 0 ? ['', value] : [value.slice(0, at), value.slice(at + 1)];
}
