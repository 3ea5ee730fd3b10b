// Us, as a user runs us: the built command in a process of its own, with a store of its own.
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './peers.mjs';

const program = join(root, 'dist', 'cli', 'main.js');

/** A command for `measure`. `target` holds the store, the views and nothing else. */
export function sluice(target, args, env = {}) {
  return {
    command: process.execPath,
    args: [program, ...args],
    env: {
      SLUICE_HOME: join(target, 'store'),
      HF_HOME: join(target, 'hf'),
      MODELSCOPE_CACHE: join(target, 'ms'),
      // What was compiled of the program is there from the second start on, as it is for the Python clients.
      XDG_CACHE_HOME: join(tmpdir(), 'sluice-bench-caches'),
      ...env,
    },
  };
}

/** Whether `sluice pull` has a flag; scenarios for what this build cannot do are skipped. */
export function pullKnows(flag) {
  const { stdout } = spawnSync(process.execPath, [program, 'pull', '--help'], { encoding: 'utf8' });
  return stdout.split(/[\s,]/).includes(flag);
}
