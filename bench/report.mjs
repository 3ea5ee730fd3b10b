// Writes docs/BENCHMARKS.md from results/*.json and what notes/*.md say about them.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/peers.mjs';
import { SHAPES } from './lib/shapes.mjs';
import { contestTable, networkTable, spreadOf } from './lib/tables.mjs';

const folder = join(root, 'bench', 'results');
const SINGLE = ['one-file-http', 'one-file-https', 'shards', 'small-files'];

const results = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name.replace(/\.json$/, ''), JSON.parse(readFileSync(join(folder, name), 'utf8'))]),
);
const networks = Object.keys(SHAPES).flatMap((name) => results.get(`network-${name}`) ?? []);
const any = results.values().next().value;

const text = [
  '<!-- Made by bench/report.mjs from bench/results and bench/notes. -->',
  '# Benchmarks',
  note('introduction'),
  '## The machine',
  machine(),
  '## How it is measured',
  note('method'),
  ...SINGLE.flatMap((name) => section(name)),
  ...(networks.length === 0
    ? []
    : ['## Networks that misbehave', note('networks-before'), networkTable(networks), note('networks')]),
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
  const missing = result.missing.length === 0 ? '' : `Missing here: ${result.missing.join('; ')}.`;
  return [`## ${result.title}`, contestTable(result), spreadOf(result), missing, `Again: \`node bench/${name}.mjs\``, note(name)]; // prettier-ignore
}

function note(name) {
  const path = join(root, 'bench', 'notes', `${name}.md`);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
}

function profile() {
  const path = join(folder, 'profile-one-file-http.txt');
  return existsSync(path) ? `\`\`\`text\n${readFileSync(path, 'utf8').trim()}\n\`\`\`` : '';
}

function machine() {
  const { cpu, memory, system, target, node, openssl } = any.machine;
  const tools = Object.assign({}, ...[...results.values()].map((result) => result.machine.tools));
  const versions = Object.entries(tools).map(([name, version]) => `${name} ${version}`);
  return `${cpu}, ${memory}; ${system}; targets on ${target}; Node ${node} with OpenSSL ${openssl}; ${versions.join(', ')}.`;
}
