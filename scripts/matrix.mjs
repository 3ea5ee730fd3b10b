// Runs the tests on other Node lines: `node scripts/matrix.mjs 22 24`. Their binaries come as npm packages, into a cache outside the tree's dependencies.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lines = process.argv.slice(2);
const reports = [];
let isGreen = true;
for (const line of lines) {
  const node = nodeOf(line);
  process.stdout.write(`node ${line}: ${spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()}\n`);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` };
  const report = join(root, 'coverage', `tests-${line}.json`);
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { status, signal } = spawnSync(node, [vitest, 'run', ...reporters], { cwd: root, stdio: 'inherit', env });
  if (status !== 0) process.stdout.write(`node ${line}: the tests ended with ${signal ?? `exit ${status}`}\n`);
  isGreen &&= status === 0;
  reports.push(`node ${line}=${report}`);
}
// Last of all, so that the end of the log says what failed on whichever line.
const counts = spawnSync(process.execPath, [join(root, 'scripts', 'counts.mjs'), ...reports], { stdio: 'inherit' });
process.exit(isGreen && counts.status === 0 ? 0 : 1);

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
