import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Script } from 'node:vm';

const DIGEST_BYTES = 32;
const FORGOTTEN_MS = 30 * 24 * 3_600_000;

/** The name of what is kept of a source: another program, or another Node, has another. V8 itself looks at little more than the length. */
export function nameOf(source: string, use: string): string {
  const { node, v8 } = process.versions;
  const about = [node, v8, process.arch, use].join(' ');
  return `${createHash('sha256').update(`${about}\n`).update(source).digest('hex').slice(0, 40)}.code`;
}

/** Compiled code as it was written; undefined where it is missing or damaged, which V8 does not always see. */
export function readCode(folder: string, name: string): Buffer | undefined {
  try {
    const bytes = readFileSync(join(folder, name));
    const code = bytes.subarray(DIGEST_BYTES);
    return digestOf(code).equals(bytes.subarray(0, DIGEST_BYTES)) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Writes what V8 has of a script by now, and drops what nobody wrote for a month. Never throws. */
export function writeCode(folder: string, name: string, script: Script): void {
  const temporary = join(folder, `${name}.${randomBytes(4).toString('hex')}`);
  try {
    const code = script.createCachedData();
    writeFileSync(temporary, Buffer.concat([digestOf(code), code]), { flag: 'wx', mode: 0o600 });
    renameSync(temporary, join(folder, name));
    dropForgotten(folder);
  } catch {
    rmSync(temporary, { force: true });
  }
}

function dropForgotten(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (/\.code(?:\.|$)/.test(name) && Date.now() - statSync(path).mtimeMs > FORGOTTEN_MS)
      rmSync(path, { force: true });
  }
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
