// `npm run check`: every static check, each named, side by side, all run even when one fails.
import { spawn } from 'node:child_process';
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
await Promise.all(checks.map(runCheck));
process.stdout.write(`check: ${checks.length - failed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);

async function runCheck([name, [command, ...args]]) {
  const startedMs = Date.now();
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const status = await new Promise((resolve) => child.on('error', resolve).on('close', resolve));
  const ok = status === 0;
  process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)\n`);
  if (ok) return;
  failed += 1;
  process.stdout.write(`${said}\n`);
}
