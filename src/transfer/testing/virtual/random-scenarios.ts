import type { VirtualProfile, VirtualScenario } from './profile.js';
import { mulberry } from './random.js';

const MB = 1e6;
const MIB = 2 ** 20;

/** Networks that nobody chose, the same ones every time: beside those with a name, so that no constant is right for them alone. */
export function randomScenarios(count: number): VirtualScenario[] {
  return Array.from({ length: count }, (_, index) => randomScenario(index));
}

function randomScenario(index: number): VirtualScenario {
  const random = mulberry(index + 1);
  const between = (least: number, most: number): number => least * (most / least) ** random();
  const chance = (share: number): boolean => random() < share;
  const profile = (): VirtualProfile => {
    const totalRate = between(5, 300) * MB;
    const connectionRate = chance(0.6) ? totalRate / between(1, 20) : undefined;
    return {
      roundTripMs: between(1, 200),
      totalRate,
      ...(connectionRate === undefined ? {} : { connectionRate }),
      ...(chance(0.2) ? { slowShare: between(0.1, 0.7), slowRate: (connectionRate ?? totalRate / 4) / 30 } : {}),
      ...(chance(0.15) ? { collapse: { beyond: Math.floor(between(2, 24)), share: between(0.1, 0.7) } } : {}),
      ...oneOf(random, between),
      ...(chance(0.1) ? { resetShare: 0.2 } : {}),
      ...(chance(0.3) ? { jitter: 0.4 } : {}),
    };
  };
  const first = profile();
  const others = chance(0.4) ? Array.from({ length: chance(0.5) ? 1 : 2 }, profile) : [];
  const rates = [first, ...others].map(bestRate);
  const allRate = rates.reduce((sum, rate) => sum + rate, 0);
  // Of a second and a half at best: in less nobody learns anything.
  const sizeBytes = Math.ceil(Math.min(1024, (allRate * between(1.5, 12)) / MIB)) * MIB;
  const last = others.at(-1);
  const lastRate = rates.at(-1);
  if (last === undefined || lastRate === undefined || !chance(0.4))
    return { name: `random-${index}`, sizeBytes, sources: [first, ...others], idealMs: (sizeBytes / allRate) * 1000 };
  // The last one is lost when this part of the file is there.
  const part = between(0.1, 0.8);
  const afterBytes = (sizeBytes * part * lastRate) / allRate;
  const lost = { ...last, ...(chance(0.5) ? { dieAfterBytes: afterBytes } : { stallAfterBytes: afterBytes }) };
  const idealMs = ((sizeBytes * part) / allRate + (sizeBytes * (1 - part)) / (allRate - lastRate)) * 1000;
  return { name: `random-${index}`, sizeBytes, sources: [first, ...others.slice(0, -1), lost], idealMs };
}

function oneOf(random: () => number, between: (least: number, most: number) => number): Partial<VirtualProfile> {
  const drawn = random();
  const told = random() < 0.6 ? { retryAfterMs: Math.ceil(random() * 3) * 1000 } : {};
  if (drawn < 0.1) return { ...told, refuseBeyond: Math.floor(between(2, 20)) };
  if (drawn < 0.2)
    return {
      ...told,
      refuseWindow: { requests: Math.floor(between(5, 40)), windowMs: Math.ceil(random() * 3) * 1000 },
    };
  return drawn < 0.25 ? { ...told, failEvery: Math.floor(between(3, 12)) } : {};
}

/** Nobody gets more out of it, with the most connections that are good for it. */
function bestRate({ totalRate = Infinity, connectionRate = Infinity, collapse, refuseBeyond }: VirtualProfile): number {
  const most = Math.min(32, refuseBeyond ?? 32);
  const gentle = Math.min(totalRate, connectionRate * Math.min(most, collapse?.beyond ?? most));
  return Math.max(gentle, Math.min(totalRate * (collapse?.share ?? 1), connectionRate * most));
}
