// Runs the tests on other Node lines: `node scripts/matrix.mjs 22 24`. Their binaries come as npm packages, into a cache outside the tree's dependencies.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lines = process.argv.slice(2);
let failed = 0;
for (const line of lines) {
  const node = nodeOf(line);
  process.stdout.write(`node ${line}: ${spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()}\n`);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` };
  const result = spawnSync(node, [vitest, 'run', '--reporter=default'], { cwd: root, stdio: 'inherit', env });
  if (result.status !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);

function nodeOf(line) {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(root, '.nodes', line);
  const node = join(folder, 'node_modules', name, 'bin', 'node');
  if (!existsSync(node)) {
    const install = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder];
    const result = spawnSync('npm', [...install, `${name}@${line}`], { stdio: ['ignore', 2, 2] });
    if (result.status !== 0) process.exit(1);
  }
  return node;
}
