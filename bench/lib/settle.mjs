// Brings the machine to the same state before every run: nothing waits to be written, and free memory is really there.
import { spawnSync } from 'node:child_process';
import { compile } from './compile.mjs';

const MARGIN_BYTES = 2 ** 29;
let program;

export function settle(dir, bytes) {
  spawnSync('sync', ['-f', dir]);
  program ??= compile(dir, 'settle') ?? '';
  if (program !== '') spawnSync(program, [String(bytes + MARGIN_BYTES)]);
}
