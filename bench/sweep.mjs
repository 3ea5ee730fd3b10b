// The scheduler over named networks in virtual time: share of the ideal, median over seeds. `node bench/sweep.mjs` shows the constants as they are;
// `--set windowBytes=33554432,67108864 --set silentMs=500,1000` each value by itself beside them. `--only name,name`, `--seeds N`; `--events --seed N` shows decisions.
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
  },
});
const root = join(import.meta.dirname, '..');
const { simulate, SCENARIOS, SCHEDULE } = await compile();
const scenarios = SCENARIOS.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name));
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
      const outcomes = seeds.map((seed) => simulate(scenario, { schedule, seed }));
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
}

function summary(outcomes) {
  const most = (field) => median(outcomes.map((outcome) => outcome[field]));
  return `${most('requests')} requests, ${most('connections')} connections, ${most('mostAtOnce')} at once, ${Math.round(most('furthestBytes') / 2 ** 20)} MiB ahead`.padEnd(
    70,
  );
}

function showEvents() {
  for (const scenario of scenarios) {
    const { share, ms, events } = simulate(scenario, { seed: Number(values.seed) });
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
    const files = ['simulate', 'scenarios'].map((name) => join(root, 'src/transfer/testing/virtual', `${name}.ts`));
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
    const [{ simulate }, { SCENARIOS }, { SCHEDULE }] = [
      await from('testing/virtual/simulate.js'),
      await from('testing/virtual/scenarios.js'),
      await from('limits.js'),
    ];
    return { simulate, SCENARIOS, SCHEDULE };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
