// Interleaved rounds of whole processes on the same work.
import { mkdirSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { canMeasureCpu, measure } from './measure.mjs';
import { settle } from './settle.mjs';
import { median, round } from './statistics.mjs';

/**
 * `contestants`: [{ name, proves, how, command(target, world) → { command, args, env }, judge(target, world) → 'right' | … , context?, setUp?, tearDown? }],
 * ours first. Each gets an empty folder; what it leaves is judged and dropped before the next begins. The order turns by one
 * each round; those that are there for context only sit out rounds beyond `contextRounds`. No round begins that would not end
 * within `budgetS`, judged by the one before it. `shape`: { bytes, idealS?, timeoutS? }.
 */
export async function runContest({
  dir,
  target: where,
  rounds,
  contextRounds,
  budgetS = Infinity,
  contestants,
  shape,
}) {
  const runs = new Map(contestants.map(({ name }) => [name, []]));
  const loadAtStart = load();
  console.log(`  load average ${loadAtStart.join(' ')}${canMeasureCpu ? '' : '; no /usr/bin/time: no CPU, no memory'}`);
  const endMs = Date.now() + budgetS * 1000;
  const lastMs = new Map();
  let done = 0;
  for (; done < rounds; done += 1) {
    const turn = contestants
      .map((_, index) => contestants[(index + done) % contestants.length])
      .filter(({ context }) => !context || done < contextRounds);
    const expectedMs = turn.reduce((sum, { name }) => sum + (lastMs.get(name) ?? 0), 0);
    if (done > 0 && Date.now() + expectedMs > endMs) break;
    for (const contestant of turn) {
      const beganMs = Date.now();
      const run = await runOne({ dir, where, contestant, shape });
      lastMs.set(contestant.name, Date.now() - beganMs);
      runs.get(contestant.name).push(run);
      console.log(`  ${done + 1}/${rounds} ${contestant.name.padEnd(44)} ${describe(run, shape)}`);
    }
  }
  if (done < rounds) console.log(`  ${rounds - done} rounds left out: the time for this scenario is over`);
  const ours = runs.get(contestants[0].name);
  return {
    shape,
    rounds: done,
    loadAtStart,
    loadAtEnd: load(),
    contestants: contestants.map((each) => summary(each, runs.get(each.name), ours)),
  };
}

const load = () => loadavg().map((each) => round(each, 2));

async function runOne({ dir, where, contestant, shape }) {
  const target = join(where, `target-${process.pid}`);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const world = await contestant.setUp?.();
  if (shape.idealS === undefined) settle(dir, shape.bytes);
  try {
    const timeoutS = contestant.timeoutS ?? shape.timeoutS ?? 60 + shape.bytes / 15e6;
    const measured = await measure({ cwd: target, timeoutS, ...contestant.command(target, world) });
    const { tail, ...numbers } = measured;
    const verdict = await contestant.judge(target, world);
    if (numbers.code !== 0 && process.env.BENCH_TAIL) console.log(tail);
    return { ...numbers, verdict: numbers.code === 0 ? verdict : verdict === 'right' ? 'right' : 'failed' };
  } finally {
    await contestant.tearDown?.(world);
    rmSync(target, { recursive: true, force: true });
  }
}

const isGood = (run) => run?.code === 0 && run.verdict !== 'missing';

/** Medians over the runs that ended well; how many did not is told. `ratio`: its time by ours, the median over the rounds in which both ran. */
function summary({ name, proves, how }, all, ours) {
  const good = all.filter(isGood);
  const of = (key) => round(median(good.map((run) => run[key])));
  const pairs = all.map((run, turn) => (isGood(run) && isGood(ours[turn]) ? run.wallS / ours[turn].wallS : undefined));
  return {
    name,
    proves,
    how,
    wallS: of('wallS'),
    ratio: round(median(pairs)),
    cpuS: of('cpuS'),
    rssMb: round(median(good.map(({ rssMb }) => rssMb)), 0),
    verdicts: tally(all.map(({ code, verdict }) => (code === 0 ? verdict : `${verdict} (exit ${code})`))),
    runs: all.map((run) => ({ ...run, wallS: round(run.wallS), cpuS: round(run.cpuS), rssMb: round(run.rssMb, 0) })),
  };
}

function tally(words) {
  const counts = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function describe({ wallS, cpuS, rssMb, code, verdict }, { bytes, idealS }) {
  const parts = [`${wallS.toFixed(2)} s`.padStart(9), `${(bytes / wallS / 1e9).toFixed(3)} GB/s`];
  if (cpuS !== undefined) parts.push(`${cpuS.toFixed(1)} s CPU`, `${rssMb.toFixed(0)} MB`);
  if (idealS !== undefined) parts.push(`${((idealS / wallS) * 100).toFixed(0)} % of ideal`);
  return [...parts, verdict, ...(code === 0 ? [] : [`exit ${code}`])].join(' · ');
}
