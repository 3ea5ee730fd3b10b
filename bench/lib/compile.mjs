import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './peers.mjs';

/** Builds `bench/NAME.c` into `dir`. Gives the program's path; undefined without a compiler. */
export function compile(dir, name) {
  const program = join(dir, name);
  try {
    execFileSync('gcc', ['-O2', '-pthread', '-o', program, join(root, 'bench', `${name}.c`)], { stdio: 'pipe' });
    return program;
  } catch {
    return undefined;
  }
}
