import type { HookJudge } from '../hooks.js';
import { TENSORFLOW_COMPUTING, TENSORFLOW_REACHING } from './ops.js';

export const TENSORFLOW_HOOKS: Readonly<Record<string, HookJudge>> = {
  'tf.op': (value) => {
    if (TENSORFLOW_REACHING.has(value)) return { rule: 'TF-OP', reason: 'reaches outside of the computation' };
    return TENSORFLOW_COMPUTING.has(value)
      ? undefined
      : { rule: 'TF-OP-UNKNOWN', reason: 'not known as one that only computes' };
  },
  'tf.asset': (value) =>
    /^[/\\~]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)/.test(value)
      ? { rule: 'TF-OP', reason: 'a file outside of the model' }
      : undefined,
};
