import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { nameOf, readCode, writeCode } from './code-file.js';

/** Loads a CommonJS file and what it requires from beside it; the files' exports are those of the first load. */
export type LoadFile = (path: string) => unknown;

type Wrapped = (exports: unknown, require: unknown, module: unknown, path: string, folder: string) => void;

/** Of Node's own wrapping of CommonJS. */
const PARAMETERS = '(function (exports, require, module, __filename, __dirname) { ';

/** A loader that takes what V8 compiled last time from `folder`, and writes what was missing there when the process ends. */
export function codeLoader(folder: string, use: string): LoadFile {
  const loaded = new Map<string, { exports: unknown }>();
  const missing = new Map<string, Script>();
  process.once('exit', () => {
    for (const [name, script] of missing) writeCode(folder, name, script);
  });
  const load = (path: string): unknown => {
    const known = loaded.get(path);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    loaded.set(path, module);
    const source = readFileSync(path, 'utf8');
    const name = nameOf(source, use);
    const cachedData = readCode(folder, name);
    // Nothing stands before the code in its first line but this, as in Node itself.
    const script = new Script(`${PARAMETERS}${source}\n})`, { filename: path, ...(cachedData && { cachedData }) });
    if (cachedData === undefined || script.cachedDataRejected === true) missing.set(name, script);
    const require = createRequire(path);
    const requireBeside = (wanted: string): unknown =>
      wanted.startsWith('./') ? load(join(dirname(path), wanted)) : require(wanted);
    (script.runInThisContext() as Wrapped)(module.exports, requireBeside, module, path, dirname(path));
    return module.exports;
  };
  return load;
}
