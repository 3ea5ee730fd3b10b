// Interleaved rounds of whole processes on the same work.
import { mkdirSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { canMeasureCpu, measure } from './measure.mjs';
import { settle } from './settle.mjs';
import { median, round } from './statistics.mjs';

/**
 * `contestants`: [{ name, proves, how, command(target) → { command, args, env }, judge(target) → 'right' | … , context?, setUp?, tearDown? }],
 * ours first. Each gets an empty folder; what it leaves is judged and dropped before the next begins. The order turns by one
 * each round; those that are there for context only sit out rounds beyond `contextRounds`. `shape`: { bytes, idealS?, timeoutS? }.
 */
export async function runContest({ dir, target: where, rounds, contextRounds, contestants, shape }) {
  const runs = new Map(contestants.map(({ name }) => [name, []]));
  const loadAtStart = loadavg().map((each) => round(each, 2));
  console.log(`  load average ${loadAtStart.join(' ')}${canMeasureCpu ? '' : '; no /usr/bin/time: no CPU, no memory'}`);
  for (let turn = 0; turn < rounds; turn += 1) {
    for (let index = 0; index < contestants.length; index += 1) {
      const contestant = contestants[(index + turn) % contestants.length];
      if (contestant.context && turn >= contextRounds) continue;
      const run = await runOne({ dir, where, contestant, shape });
      runs.get(contestant.name).push(run);
      console.log(`  ${turn + 1}/${rounds} ${contestant.name.padEnd(44)} ${describe(run, shape)}`);
    }
  }
  const loadAtEnd = loadavg().map((each) => round(each, 2));
  return { shape, rounds, loadAtStart, loadAtEnd, contestants: contestants.map((each) => summary(each, runs)) };
}

async function runOne({ dir, where, contestant, shape }) {
  const target = join(where, `target-${process.pid}`);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const world = await contestant.setUp?.();
  if (shape.idealS === undefined) settle(dir, shape.bytes);
  try {
    const measured = await measure({
      cwd: target,
      timeoutS: shape.timeoutS ?? 600,
      ...contestant.command(target, world),
    });
    const { tail, ...numbers } = measured;
    const verdict = await contestant.judge(target, world);
    if (numbers.code !== 0 && process.env.BENCH_TAIL) console.log(tail);
    return { ...numbers, verdict: numbers.code === 0 ? verdict : verdict === 'right' ? 'right' : 'failed' };
  } finally {
    await contestant.tearDown?.(world);
    rmSync(target, { recursive: true, force: true });
  }
}

/** Medians over the runs that ended well; how many did not is told. */
function summary({ name, proves, how }, runs) {
  const all = runs.get(name);
  const good = all.filter(({ code, verdict }) => code === 0 && verdict !== 'missing');
  const of = (key) => round(median(good.map((run) => run[key])));
  return {
    name,
    proves,
    how,
    wallS: of('wallS'),
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
