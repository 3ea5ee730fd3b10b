import { readFileSync } from 'node:fs';

/** Undefined where the kernel has no such file, or does not show it to us. */
export function readKernelFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
