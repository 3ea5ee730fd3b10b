// Makes a fresh clone ready: installs the locked dependencies and builds when something changed. Needs only Node and npm.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const quiet = process.argv.includes('--quiet');
const installedStamp = join(root, 'node_modules', '.sluice-installed');
const builtStamp = join(root, 'dist', '.built');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Sluice needs Node 20.19 or newer; this is ${process.version}.\n`);
  process.exit(1);
}

const lockHash = hashFiles([join(root, 'package-lock.json')]);
if (read(installedStamp) !== lockHash) {
  say('Installing dependencies (once) ...');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(installedStamp, lockHash);
}
if (!process.argv.includes('--no-build')) {
  const sources = listFiles(join(root, 'src')).filter((path) => !path.endsWith('.test.ts'));
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'scripts/bundle.mjs'];
  const buildHash = hashFiles([...sources, ...settings.map((path) => join(root, path))]);
  if (process.argv.includes('--rebuild') || read(builtStamp) !== buildHash) {
    say('Building ...');
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    // Modules as they are, for benchmarks and tests; then the program itself in place of those of its room.
    run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
    run(process.execPath, [join(root, 'scripts', 'bundle.mjs')]);
    writeFileSync(builtStamp, buildHash);
  }
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function run(command, args) {
  // stdout belongs to the program that follows (it may be JSON), so tools report on stderr.
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

function say(text) {
  if (!quiet || process.stderr.isTTY || process.env.CI) process.stderr.write(`${text}\n`);
}

function listFiles(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function hashFiles(paths) {
  const hash = createHash('sha256');
  for (const path of paths)
    hash.update(`${path.slice(root.length)}\0${statSync(path).size}\0`).update(readFileSync(path));
  return hash.digest('hex');
}
