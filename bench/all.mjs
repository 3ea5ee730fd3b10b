// Every scenario, one after the other, then the report, then what was to be reached and what was.
// `--quick`: 3 rounds, 1 GiB, small networks, within 24 minutes. `--only name,name`: these scripts alone. The rest goes to each script.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgeGoals } from './lib/goals.mjs';
import { root } from './lib/peers.mjs';

/** Seconds for a script's rounds: in a hurry, and not. Made so that the first column ends within 24 minutes. */
const SCRIPTS = {
  'one-file-http': [100, 1800],
  'one-file-pieces': [60, 1200],
  'one-file-https': [100, 1800],
  shards: [110, 1800],
  'small-files': [100, 1200],
  networks: [430, 5400],
  'lossy-line': [90, 2400],
  xet: [80, 1200],
  'serve-warm': [110, 900],
  'serve-cold': [110, 1200],
  'serve-crowd': [70, 600],
  'start-up': [25, 200],
  scan: [60, 300],
  'profile-one-file': [30, 300],
};
/** Beyond its time a script may end its round, and make what it serves before. */
const GRACE_S = { quick: 60, full: 900 };
/** All of it, in a hurry. */
const QUICK_S = 24 * 60 - 20;
const MEMORY = '/dev/shm';

const given = process.argv.slice(2);
const [isQuick, isSmoke] = ['--quick', '--smoke'].map((flag) => given.includes(flag));
const only = valueOf('--only')?.split(',');
const passed = given.filter((each, index) => each !== '--only' && given[index - 1] !== '--only');

if (spawnSync(process.execPath, [join(root, 'scripts', 'ready.mjs'), '--quiet'], { stdio: 'inherit' }).status !== 0)
  process.exit(1);
const isTrial = isSmoke || passed.includes('--no-save');
const rest = passed.filter((each) => each !== '--no-save');
if (isTrial) process.env.SLUICE_BENCH_RESULTS = join(tmpdir(), `sluice-bench-trial-${process.pid}`);
const { readResults, resultsFolder } = await import('./lib/results.mjs');
const target = rest.includes('--target') ? [] : targetInMemory();
const failed = [];
let isStopped = false;
const endsAtMs = isQuick ? Date.now() + QUICK_S * 1000 : undefined;
for (const [name, [quickS, fullS]] of Object.entries(SCRIPTS)) {
  if (isStopped || (only !== undefined && !only.includes(name))) continue;
  const leftS = endsAtMs === undefined ? Infinity : (endsAtMs - Date.now()) / 1000;
  const budgetS = Math.round(Math.min(isQuick || isSmoke ? quickS : fullS, leftS));
  if (budgetS < 10) {
    failed.push(`${name}: no time left`);
    continue;
  }
  console.log(`\n==== ${name} (${new Date().toTimeString().slice(0, 8)}, at most ${budgetS} s)`);
  const code = await run(
    [join(root, 'bench', `${name}.mjs`), '--budget-s', String(budgetS), ...target, ...rest],
    Math.min(budgetS + (isQuick ? GRACE_S.quick : GRACE_S.full), leftS),
  );
  if (code !== 0) failed.push(`${name}: ${code}`);
}
if (target.length > 0) rmSync(target[1], { recursive: true, force: true });
if (!isTrial) await run([join(root, 'bench', 'report.mjs')], 60);
printGoals();
if (failed.length > 0) console.log(`\nFAILED: ${failed.join(', ')}`);
process.exitCode = isStopped ? 130 : failed.length === 0 ? 0 : 1;

/** A disk that writes slower than the network brings would be all that is measured. */
function targetInMemory() {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize < 2 ** 31) return [];
    const folder = join(MEMORY, `sluice-bench-${process.pid}`);
    mkdirSync(folder);
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    return ['--target', folder];
  } catch {
    return [];
  }
}

/** Resolves to the exit code; a script that does not end is ended. */
async function run(args, mostS) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
  const end = () => child.kill('SIGTERM');
  const stop = () => {
    isStopped = true;
    end();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const timer = setTimeout(end, mostS * 1000);
  const code = await new Promise((resolve) => child.once('exit', (exit, signal) => resolve(exit ?? signal)));
  clearTimeout(timer);
  process.off('SIGINT', stop).off('SIGTERM', stop);
  return code;
}

function printGoals() {
  const rows = judgeGoals(readResults());
  const width = Math.max(...rows.map(({ scenario }) => scenario.length));
  const sign = ({ isMet }) => (isMet === undefined ? '–' : isMet ? '✓' : '✗');
  console.log(
    `\nGoals, by ${resultsFolder}${isSmoke ? ' (a look at whether it works: the numbers mean nothing)' : ''}:`,
  );
  for (const row of rows.filter(({ reached }) => reached !== 'not measured')) {
    console.log(`${sign(row)} ${row.scenario.padEnd(width)}  ${row.reached}`);
    if (row.isMet !== true) console.log(`  ${''.padEnd(width)}  goal: ${row.goal}`);
  }
  const met = rows.filter(({ isMet }) => isMet === true).length;
  const judged = rows.filter(({ isMet }) => isMet !== undefined).length;
  console.log(`${met} of ${judged} reached, ${rows.length - judged} not judged`);
}

function valueOf(flag) {
  const index = given.indexOf(flag);
  return index < 0 ? undefined : given[index + 1];
}
