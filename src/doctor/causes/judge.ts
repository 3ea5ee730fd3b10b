import type { Facts } from '../facts.js';
import type { CauseCode, Finding, Report, Severity } from '../report.js';
import { lostTime, type Delay, type Passage } from './lost-time.js';
import { suspectAbilities } from './suspect-abilities.js';
import { suspectBytes } from './suspect-bytes.js';
import { suspectFit } from './suspect-fit.js';
import { suspectHost } from './suspect-host.js';
import { suspectMachine } from './suspect-machine.js';
import type { Suspicion } from './suspicion.js';
import { CAUSES, TRUST_CAUSES } from './table.js';

const ORDER: readonly (Severity | 'trust')[] = ['blocks', 'trust', 'unfit', 'slows', 'risks'];

/** From what was measured to what is wrong, worst first. A function of nothing else. */
export function judge(facts: Facts): Pick<Report, 'findings' | 'expectedMs' | 'possibleMs'> {
  const suspicions = [
    ...suspectMachine(facts),
    ...suspectAbilities(facts),
    ...suspectFit(facts),
    ...facts.hosts.flatMap((host) => suspectHost(host, facts.machine.kernel)),
    ...suspectBytes(facts),
  ];
  const delays = suspicions.flatMap((name): Delay<Suspicion>[] =>
    name.delay === undefined ? [] : [{ name, ...name.delay }],
  );
  const passages = suspicions.flatMap((name): Passage<Suspicion>[] =>
    name.passage === undefined ? [] : [{ name, ...name.passage }],
  );
  const { lost, expectedMs, possibleMs } = lostTime<Suspicion | undefined>(facts.job.sizeBytes, delays, [
    ...passages,
    ...healthy(facts, suspicions),
  ]);
  const totalMs = [...lost.values()].reduce((sum, ms) => sum + ms, 0);
  const findings = suspicions.map((suspicion): Finding => {
    const { cause, about, evidence, command } = suspicion;
    const lostMs = lost.get(suspicion) ?? 0;
    const share = totalMs > 0 ? lostMs / totalMs : 0;
    const rest = command === undefined ? {} : { command };
    return { cause, severity: CAUSES[cause], about, evidence, lostMs, share, ...rest };
  });
  findings.sort((one, other) => rankOf(one) - rankOf(other) || other.lostMs - one.lostMs);
  const isMeasured = facts.hosts.some(({ goodput }) => goodput.length > 0);
  return isMeasured ? { findings, expectedMs, possibleMs } : { findings };
}

function rankOf({ cause, severity }: Finding): number {
  return ORDER.indexOf(TRUST_CAUSES.has(cause) ? 'trust' : severity);
}

/** Passages that nothing is wrong with bound what mending the others can win. */
function healthy({ hosts, machine }: Facts, suspicions: readonly Suspicion[]): Passage<undefined>[] {
  const { disk, hashBytesPerSecond } = machine;
  const all: [cause: CauseCode, about: string, rate: number | undefined][] = [
    ...hosts.map(({ host, goodput }): [CauseCode, string, number | undefined] => {
      const rates = goodput.map(({ bytesPerSecond }) => bytesPerSecond);
      return ['SLOW_LINE', host, rates.length === 0 ? undefined : Math.max(...rates)];
    }),
    ['SLOW_DISK', disk.path, disk.writeBytesPerSecond],
    ['SLOW_HASH', 'SHA-256', hashBytesPerSecond],
  ];
  return all.flatMap(([cause, about, rate]) => {
    const isSuspected = suspicions.some((each) => each.cause === cause && each.about === about);
    if (rate === undefined || isSuspected) return [];
    return [{ name: undefined, bytesPerSecond: rate, mendedBytesPerSecond: rate }];
  });
}
