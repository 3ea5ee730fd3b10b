// `npm run check`: every static check, each named, all run even when one fails.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name, path) => [process.execPath, join(root, 'node_modules', name, path)];

const checks = [
  ['types', [...bin('typescript', 'bin/tsc'), '-p', 'tsconfig.json']],
  ['lint', [...bin('eslint', 'bin/eslint.js'), '.', '--max-warnings', '0']],
  ['formatting', [...bin('prettier', 'bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']],
  ['floors', [...bin('dependency-cruiser', 'bin/dependency-cruise.mjs'), '--config', '.dependency-cruiser.cjs', 'src']],
  ['unused code', [...bin('knip', 'bin/knip.js'), '--no-progress']],
];
if (existsSync(join(root, 'scripts', 'docs.mjs'))) {
  checks.push(['docs in step', [process.execPath, join(root, 'scripts', 'docs.mjs'), '--check']]);
}

let failed = 0;
for (const [name, [command, ...args]] of checks) {
  const startedMs = Date.now();
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  const ok = result.status === 0;
  process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)\n`);
  if (!ok) {
    failed += 1;
    process.stdout.write(`${result.stdout}${result.stderr}\n`);
  }
}
process.stdout.write(`check: ${checks.length - failed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
