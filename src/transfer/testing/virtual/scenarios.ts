import type { VirtualProfile, VirtualScenario } from './profile.js';

const MB = 1e6;
const MIB = 2 ** 20;
const SMALL = 256 * MIB;
const LARGE = 2048 * MIB;
const MIRRORS: readonly VirtualProfile[] = [20, 50, 100].map((rate) => ({ roundTripMs: 5, totalRate: rate * MB }));
const [FIRST, SECOND] = MIRRORS as [VirtualProfile, VirtualProfile];
const FASTEST: VirtualProfile = { roundTripMs: 5, totalRate: 100 * MB };
const half = (SMALL * 0.5 * 100) / 170;
const halfThenRest = ((SMALL * 0.5) / (170 * MB) + (SMALL * 0.5) / (70 * MB)) * 1000;
const ideal = (bytes: number, rate: number): number => (bytes / rate) * 1000;
const one = (name: string, sizeBytes: number, rate: number, profile: VirtualProfile): VirtualScenario => ({
  name,
  sizeBytes,
  idealMs: ideal(sizeBytes, rate),
  sources: [profile],
});
const lost = { roundTripMs: 10, totalRate: 100 * MB };

/** The networks that the constants are judged by. */
export const SCENARIOS: readonly VirtualScenario[] = [
  one('capped-256', SMALL, 100 * MB, { roundTripMs: 30, connectionRate: 5 * MB, totalRate: 100 * MB }),
  one('capped-2048', LARGE, 100 * MB, { roundTripMs: 30, connectionRate: 5 * MB, totalRate: 100 * MB }),
  { name: 'mirrors-256', sizeBytes: SMALL, idealMs: ideal(SMALL, 170 * MB), sources: MIRRORS },
  { name: 'mirrors-2048', sizeBytes: LARGE, idealMs: ideal(LARGE, 170 * MB), sources: MIRRORS },
  {
    name: 'dies',
    sizeBytes: SMALL,
    idealMs: halfThenRest,
    sources: [FIRST, SECOND, { ...FASTEST, dieAfterBytes: half }],
  },
  {
    name: 'stalls',
    sizeBytes: SMALL,
    idealMs: halfThenRest,
    sources: [FIRST, SECOND, { ...FASTEST, stallAfterBytes: half }],
  },
  one('slow-edges', SMALL, 100 * MB, {
    ...{ roundTripMs: 20, connectionRate: 10 * MB, totalRate: 100 * MB },
    ...{ slowShare: 0.7, slowRate: 0.3 * MB },
  }),
  one('collapse-8', SMALL, 100 * MB, { ...lost, collapse: { beyond: 8, share: 0.4 } }),
  one('collapse-8-capped', SMALL, 80 * MB, { ...lost, connectionRate: 10 * MB, collapse: { beyond: 8, share: 0.4 } }),
  one('collapse-4', SMALL, 100 * MB, { ...lost, collapse: { beyond: 4, share: 0.4 } }),
  one('collapse-1', SMALL, 100 * MB, { ...lost, collapse: { beyond: 1, share: 0.1 } }),
  one('429-window', SMALL, 100 * MB, { ...lost, refuseWindow: { requests: 10, windowMs: 1000 }, retryAfterMs: 1000 }),
  one('429-beyond-4', SMALL, 100 * MB, { ...lost, refuseBeyond: 4, retryAfterMs: 1000 }),
  one('429-beyond-4-unsaid', SMALL, 100 * MB, { ...lost, refuseBeyond: 4 }),
  one('503-every-4th', SMALL, 100 * MB, { ...lost, failEvery: 4, retryAfterMs: 1000 }),
  one('resets', SMALL, 100 * MB, { ...lost, resetShare: 0.3 }),
  one('far', SMALL, 200 * MB, { roundTripMs: 200, connectionRate: 20 * MB, totalRate: 200 * MB }),
  one('far-2048', LARGE, 200 * MB, { roundTripMs: 200, connectionRate: 20 * MB, totalRate: 200 * MB }),
  one('home', SMALL, 12.5 * MB, { roundTripMs: 15, totalRate: 12.5 * MB, jitter: 0.3 }),
  one('clean', LARGE, 1000 * MB, { roundTripMs: 0.3, totalRate: 2000 * MB, connectionRate: 700 * MB }),
  {
    name: 'slow-first',
    sizeBytes: SMALL,
    idealMs: ideal(SMALL, 102 * MB),
    sources: [{ ...lost, totalRate: 2 * MB }, lost],
  },
  {
    name: 'shared-line',
    sizeBytes: SMALL,
    idealMs: ideal(SMALL, 50 * MB),
    sources: [lost, lost, lost],
    lineRate: 50 * MB,
  },
  {
    ...{ name: 'late', sizeBytes: LARGE, idealMs: ideal(LARGE, 200 * MB) },
    sources: [{ ...lost, late: { afterBytes: LARGE / 4, roundTripMs: 400 } }, lost],
  },
];
