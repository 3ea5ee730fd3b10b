// Writes docs/BENCHMARKS.md from results/*.json and what notes/*.md say about them.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/peers.mjs';
import { judgeGoals } from './lib/goals.mjs';
import { readResults, resultsFolder } from './lib/results.mjs';
import { shapesOf } from './lib/shapes.mjs';
import { contestTable, goalsTable, networkTable, rowsTable, spreadOf } from './lib/tables.mjs';

const SINGLE = ['one-file-http', 'one-file-pieces', 'one-file-https', 'shards', 'small-files', 'xet'];

const SERVE = ['serve-warm', 'serve-cold', 'serve-crowd'];

const results = readResults();
const networks = Object.keys(shapesOf()).flatMap((name) => results.get(`network-${name}`) ?? []);
// The one measured last tells of the machine.
const any = [...results.values()].sort((a, b) => (a.measuredAt ?? '').localeCompare(b.measuredAt ?? '')).at(-1);

const text = [
  '<!-- Made by bench/report.mjs from bench/results and bench/notes. -->',
  '# Benchmarks',
  note('introduction'),
  '## What was to be reached',
  goalsTable(judgeGoals(results)),
  '## The machine',
  machine(),
  '## How it is measured',
  note('method'),
  ...SINGLE.flatMap((name) => section(name)),
  ...(networks.length === 0
    ? []
    : ['## Networks that misbehave', note('networks-before'), networkTable(networks), note('networks')]),
  ...section('lossy-line'),
  ...rowsSection('start-up'),
  ...rowsSection('scan'),
  ...(SERVE.some((name) => results.has(name))
    ? ['## `sluice serve`', note('serve'), ...SERVE.flatMap((name) => rowsSection(name, '###'))]
    : []),
  '## Where the time goes',
  note('profile'),
  profile(),
].filter((part) => part !== '');
const out = join(root, 'docs', 'BENCHMARKS.md');
writeFileSync(out, `${text.join('\n\n')}\n`);
execFileSync(process.execPath, [join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs'), '--write', '--log-level', 'warn', out]); // prettier-ignore

function section(name) {
  const result = results.get(name);
  if (result === undefined) return [];
  if (result.skipped !== undefined) return [`## ${result.title}`, `Skipped here: ${result.skipped}.`, note(name)];
  const missing = result.missing.length === 0 ? '' : `Missing here: ${result.missing.join('; ')}.`;
  return [`## ${result.title}`, contestTable(result), spreadOf(result), missing, `Again: \`node bench/${name}.mjs\``, note(name)]; // prettier-ignore
}

function rowsSection(name, level = '##') {
  const result = results.get(name);
  if (result === undefined) return [];
  if (result.skipped !== undefined) return [`${level} ${result.title}`, `Skipped here: ${result.skipped}.`];
  const missing = result.missing.length === 0 ? '' : `Missing here: ${result.missing.join('; ')}.`;
  return [`${level} ${result.title}`, rowsTable(result), missing, `Again: \`node bench/${name}.mjs\``, note(name)];
}

function note(name) {
  const path = join(root, 'bench', 'notes', `${name}.md`);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
}

function profile() {
  const path = join(resultsFolder, 'profile-one-file-http.txt');
  return existsSync(path) ? `\`\`\`text\n${readFileSync(path, 'utf8').trim()}\n\`\`\`` : '';
}

function machine() {
  const {
    machine: { cpu, memory, system, target, node, openssl },
    measuredAt,
    commit,
  } = any;
  const tools = Object.assign({}, ...[...results.values()].map((result) => result.machine.tools));
  const versions = Object.entries(tools).map(([name, version]) => `${name} ${version}`);
  return `${cpu}, ${memory}; ${system}; targets on ${target}; Node ${node} with OpenSSL ${openssl}; ${versions.join(', ')}.${measuredAt === undefined ? '' : ` Measured until ${measuredAt.slice(0, 10)}, last at commit ${commit}.`}`;
}
