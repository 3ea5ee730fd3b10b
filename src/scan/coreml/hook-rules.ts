import type { HookJudge } from '../hooks.js';

/** A file of the model's own package, written as the converter writes it. */
const WITHIN = /^@model_path(?:\/(?!\.{1,2}(?:\/|$))[^/\\\0]+)+$/;

export const COREML_HOOKS: Readonly<Record<string, HookJudge>> = {
  'coreml.custom': () => ({ rule: 'COREML-CUSTOM', reason: 'a class of the program that loads the model' }),
  'coreml.linked': () => ({
    rule: 'COREML-FILE',
    reason: 'another model, looked for where it says',
    severity: 'medium',
  }),
  'coreml.weights': (value) =>
    WITHIN.test(value) ? undefined : { rule: 'COREML-FILE', reason: 'weights outside of the package' },
};
