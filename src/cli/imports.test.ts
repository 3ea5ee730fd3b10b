import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const source = dirname(dirname(fileURLToPath(import.meta.url)));

/** Files and packages that are loaded with a file: its static imports that are not types, and theirs. */
function loadedWith(entry: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = readFileSync(join(source, path), 'utf8');
    for (const [, clause = '', target = ''] of text.matchAll(/^(?:import|export)\s([^;]*?)from '([^']+)';/gms)) {
      const names = clause
        .replace(/[{}]/g, '')
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '');
      if (clause.startsWith('type ') || names.every((name) => name.startsWith('type '))) continue;
      if (!target.startsWith('.')) seen.add(target);
      else visit(relative(source, join(source, dirname(path), target.replace(/\.js$/, '.ts'))));
    }
  };
  expect(existsSync(join(source, entry))).toBe(true);
  visit(entry);
  return seen;
}

it('`sluice --help` loads the command line, the base and commander, and nothing that moves bytes', () => {
  const loaded = [...loadedWith('cli/start.ts')];
  expect(loaded).toContain('cli/commands/catalogue.ts');
  expect(loaded.filter((path) => path.endsWith('.ts') && !/^(?:cli|base)\//.test(path))).toEqual([]);
  expect(loaded.filter((path) => !path.endsWith('.ts') && !path.startsWith('node:'))).toEqual(['commander']);
  expect(loaded.filter((path) => path.startsWith('cli/commands/'))).toEqual(['cli/commands/catalogue.ts']);
});
