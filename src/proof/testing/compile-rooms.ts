import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/**
 * Rooms as JavaScript, for tests that need processes or threads of their own, which cannot run TypeScript. `target` has to be
 * somewhere below the package, so that its dependencies are found.
 */
export function compileRooms(target: string, rooms: readonly string[]): void {
  const sources = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'package.json'), '{"type":"module"}');
  for (const room of rooms) {
    cpSync(join(sources, room), join(target, room), { recursive: true });
    for (const name of readdirSync(join(target, room), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue;
      const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
      const { outputText } = ts.transpileModule(readFileSync(join(target, room, name), 'utf8'), { compilerOptions });
      writeFileSync(join(target, room, name.replace(/\.ts$/, '.js')), outputText);
    }
  }
}
