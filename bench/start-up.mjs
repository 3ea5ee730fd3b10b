// How long `sluice pull` takes until it asks, and until it is gone: an immediate hub on loopback, whole processes as a user starts them.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { startSim } from '../dist/sim/index.js';
import { atEnd, main } from './lib/closing.mjs';
import { contentOf } from './lib/data.mjs';
import { readOptions } from './lib/options.mjs';
import { sluice } from './lib/sluice.mjs';
import { saveRows } from './lib/save.mjs';
import { median } from './lib/statistics.mjs';

const MIB = 2 ** 20;
const REPOSITORIES = {
  'two tiny files': { 'config.json': 600, 'tokenizer.json': 4000 },
  'one file of 1 MiB': { 'model.gguf': MIB },
  'one file of 64 MiB': { 'model.gguf': 64 * MIB },
};
const TIME = '/usr/bin/time';

await main(async () => {
  const options = readOptions({ rounds: 11 });
  const repositories = Object.entries(REPOSITORIES).map(([name, sizes], index) => ({
    name,
    id: `bench/start-${index}`,
    files: Object.fromEntries(Object.entries(sizes).map(([path, bytes]) => [path, contentOf(path, bytes)])),
  }));
  const simStartedMs = performance.now();
  const sim = await startSim({ repositories });
  atEnd(() => sim.stop());
  const endMs = Date.now() + options.budgetS * 1000;
  const rows = [];
  for (const { name, id } of repositories) {
    if (options.only?.includes(name) === false) continue;
    const runs = [];
    // The first run warms what serves.
    for (let round = -1; round < options.rounds && (round < 1 || Date.now() < endMs); round += 1) {
      const run = await oneRun({ sim, simStartedMs, id, folder: options.target });
      if (round >= 0) runs.push(run);
    }
    const found = Object.keys(runs[0]).map((row) => {
      const all = runs.map((run) => run[row]);
      return { shape: name, name: row, middleMs: median(all), leastMs: Math.min(...all), mostMs: Math.max(...all), runs: runs.length }; // prettier-ignore
    });
    rows.push(...found);
    const lines = found.map(({ name: row, middleMs, leastMs, mostMs }) => {
      const [middle, least, most] = [middleMs, leastMs, mostMs].map((ms) => ms.toFixed(0));
      return `${middle.padStart(6)}  ${row} (${least}–${most})`;
    });
    console.log([`${name}: ms after exec, medians of ${runs.length} (fastest–slowest)`, ...lines, ''].join('\n'));
  }
  const title = 'From the start of `sluice pull` to its end';
  saveRows(options, 'start-up', {}, [], { title, kind: 'start-up', rows });
});

async function oneRun({ sim, simStartedMs, id, folder }) {
  const target = mkdtempSync(join(folder, 'start-'));
  const report = join(target, '.time');
  const bare = performance.now();
  await ended(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }));
  const nodeMs = performance.now() - bare;
  const { command, args, env } = sluice(target, ['pull', `hf:${id}`, '--to', join(target, 'out'), '--json'], {
    HF_ENDPOINT: sim.url,
    HOME: target,
    PATH: process.env.PATH,
  });
  sim.forget();
  const seen = {};
  const startedMs = performance.now();
  const child = spawn(TIME, ['-o', report, '-f', '%U %S', command, ...args], { cwd: target, env, stdio: ['ignore', 'pipe', 'inherit'] }); // prettier-ignore
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { type } = JSON.parse(line);
    if (type !== 'piece.landed' || seen[type] === undefined) seen[type] = performance.now() - startedMs;
  });
  const code = await ended(child);
  const exitMs = performance.now() - startedMs;
  if (code !== 0) throw new Error(`sluice pull ends with ${code}`);
  const askedMs = (wanted) => simStartedMs + sim.requests.find(wanted).atMs - startedMs;
  const [user, system] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
  rmSync(target, { recursive: true, force: true });
  return {
    'node alone, from start to exit': nodeMs,
    'first request': askedMs(() => true),
    'content asked for': askedMs(({ kind }) => kind === 'resolve' || kind === 'cdn'),
    'first piece or file here': Math.min(seen['piece.landed'] ?? Infinity, seen['file.proven'] ?? Infinity),
    'last file proven': seen['file.proven'],
    'pull.done': seen['pull.done'],
    exit: exitMs,
    'CPU ms': (user + system) * 1000,
  };
}

function ended(child) {
  return new Promise((resolve) => child.once('close', resolve));
}
