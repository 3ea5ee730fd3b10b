// The scheduler over named networks in virtual time: share of the ideal, median over seeds. `node bench/sweep.mjs` shows the constants as they are;
// `--set windowBytes=33554432,67108864 --set silentMs=500,1000` each value by itself beside them. `--only name,name`, `--seeds N`; `--events --seed N` shows decisions.
// `--random N` adds the mean over N networks that nobody chose (`random-0` … by name, too), `--worst N` shows the worst of them; `--piece-kib N` has pieces of another size.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    set: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
    seeds: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    events: { type: 'boolean', default: false },
    random: { type: 'string', default: '0' },
    'piece-kib': { type: 'string' },
    worst: { type: 'string' },
  },
});
const root = join(import.meta.dirname, '..');
const { simulate, SCENARIOS, SCHEDULE, randomScenarios } = await compile();
const pieceBytes = values['piece-kib'] === undefined ? undefined : Number(values['piece-kib']) * 1024;
const named = values.only?.includes('random-') ? [...SCENARIOS, ...randomScenarios(1000)] : SCENARIOS;
const scenarios = named.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name));
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);
const candidates = [['as it is', SCHEDULE], ...values.set.flatMap(variants)];

if (values.events) showEvents();
else showShares();

function variants(text) {
  const [name, list] = text.split('=');
  if (!(name in SCHEDULE)) throw new Error(`no constant ${name}`);
  return list.split(',').map((value) => [`${name} ${value}`, { ...SCHEDULE, [name]: Number(value) }]);
}

function showShares() {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  console.log(`${''.padEnd(width)}  ${candidates.map(([name]) => name).join('  ')}`);
  const sums = candidates.map(() => 0);
  for (const scenario of scenarios) {
    const cells = candidates.map(([name, schedule], at) => {
      const outcomes = seeds.map((seed) => simulate(scenario, { schedule, seed, pieceBytes }));
      const share = median(outcomes.map((outcome) => outcome.share));
      sums[at] += share;
      const first = at === 0 ? ` ${summary(outcomes)}` : '';
      return (
        `${share.toFixed(3)} (${Math.min(...outcomes.map((outcome) => outcome.share)).toFixed(2)})`.padStart(
          name.length,
        ) + first
      );
    });
    console.log(`${scenario.name.padEnd(width)}  ${cells.join('  ')}`);
  }
  console.log(
    `${'mean'.padEnd(width)}  ${sums.map((sum, at) => (sum / scenarios.length).toFixed(3).padStart(candidates[at][0].length)).join('  ')}`,
  );
  if (Number(values.random) > 0) showRandom();
}

/** Networks that nobody chose: what is gained on those that have a name must not be lost here. */
function showRandom() {
  const some = randomScenarios(Number(values.random));
  for (const [name, schedule] of candidates) {
    const shares = some.map((scenario, at) => simulate(scenario, { schedule, seed: at + 1, pieceBytes }).share);
    const sorted = [...shares].sort((left, right) => left - right);
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    const at = (part) => sorted[Math.floor(sorted.length * part)].toFixed(3);
    console.log(
      `${some.length} at random, ${name}: mean ${mean.toFixed(4)}, tenth ${at(0.1)}, quarter ${at(0.25)}, median ${at(0.5)}`,
    );
    if (values.worst) {
      const order = shares.map((share, index) => ({ share, index })).sort((left, right) => left.share - right.share);
      for (const { share, index } of order.slice(0, Number(values.worst)))
        console.log(`  ${share.toFixed(3)} seed ${index + 1} ${JSON.stringify(some[index])}`);
    }
  }
}

function summary(outcomes) {
  const most = (field) => median(outcomes.map((outcome) => outcome[field]));
  return `${most('requests')} requests, ${most('connections')} connections, ${most('mostAtOnce')} at once, ${Math.round(most('furthestBytes') / 2 ** 20)} MiB ahead`.padEnd(
    70,
  );
}

function showEvents() {
  for (const scenario of scenarios) {
    const { share, ms, events } = simulate(scenario, { seed: Number(values.seed), pieceBytes });
    console.log(`${scenario.name}: ${share.toFixed(3)} of ideal, ${ms} ms`);
    for (const event of events) console.log(`  ${JSON.stringify(event)}`);
  }
}

function median(numbers) {
  return [...numbers].sort((left, right) => left - right)[Math.floor(numbers.length / 2)];
}

/** The virtual network is for tests and stays out of what is built. */
async function compile() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sweep-'));
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const files = ['simulate', 'scenarios', 'random-scenarios'].map((name) =>
      join(root, 'src/transfer/testing/virtual', `${name}.ts`),
    );
    const config = join(folder, 'tsconfig.json');
    const compilerOptions = {
      noEmit: false,
      noCheck: true,
      rootDir: join(root, 'src'),
      outDir: join(folder, 'out'),
      types: [],
    };
    writeFileSync(
      config,
      JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, files, include: [] }),
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', config], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stdout);
    const from = (path) => import(join(folder, 'out/transfer', path));
    const [{ simulate }, { SCENARIOS }, { randomScenarios }, { SCHEDULE }] = [
      await from('testing/virtual/simulate.js'),
      await from('testing/virtual/scenarios.js'),
      await from('testing/virtual/random-scenarios.js'),
      await from('limits.js'),
    ];
    return { simulate, SCENARIOS, SCHEDULE, randomScenarios };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
