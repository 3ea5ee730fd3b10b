// Us, as a user runs us: the built command in a process of its own, with a store of its own.
import { join } from 'node:path';
import { root } from './peers.mjs';

/** A command for `measure`. `target` holds the store, the views and nothing else. */
export function sluice(target, args, env = {}) {
  return {
    command: process.execPath,
    args: [join(root, 'dist', 'cli', 'main.js'), ...args],
    env: {
      SLUICE_HOME: join(target, 'store'),
      HF_HOME: join(target, 'hf'),
      MODELSCOPE_CACHE: join(target, 'ms'),
      ...env,
    },
  };
}
