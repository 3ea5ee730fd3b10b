import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './peers.mjs';

/** Builds `bench/NAME.c` into `dir`. Gives the program's path; undefined without a compiler. `flags`: more for the compiler, with a name of what comes of them. */
export function compile(dir, name, { flags = [], as = name } = {}) {
  const program = join(dir, as);
  try {
    execFileSync('gcc', ['-O2', '-pthread', '-o', program, join(root, 'bench', `${name}.c`), ...flags], {
      stdio: 'pipe',
    });
    return program;
  } catch {
    return undefined;
  }
}
