import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SluiceEvent } from '../../../base/index.js';
import { SCHEDULE } from '../../limits.js';
import type { VirtualProfile, VirtualScenario } from './profile.js';
import { randomScenarios } from './random-scenarios.js';
import { SCENARIOS } from './scenarios.js';
import { simulate } from './simulate.js';

const MB = 1e6;
const MIB = 2 ** 20;
const scenario = (name: string): VirtualScenario => {
  const found = SCENARIOS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no scenario ${name}`);
  return found;
};
type Timed = SluiceEvent & { readonly atMs: number };
const eventsOf = <Type extends SluiceEvent['type']>(events: readonly Timed[], type: Type) =>
  events.filter((event): event is Extract<Timed, { type: Type }> => event.type === type);

describe('named networks', () => {
  /** A little below what the sweep shows: a change that costs more than chance does is seen. */
  const floors: readonly [name: string, share: number][] = [
    ['capped-256', 0.87],
    ['capped-2048', 0.96],
    ['mirrors-256', 0.95],
    ['mirrors-2048', 0.97],
    ['dies', 0.95],
    ['stalls', 0.95],
    ['collapse-8', 0.94],
    ['collapse-4', 0.89],
    ['collapse-1', 0.76],
    ['429-window', 0.93],
    ['429-beyond-4', 0.86],
    ['503-every-4th', 0.95],
    ['far', 0.44],
    ['resets', 0.94],
    ['slow-first', 0.95],
    ['shared-line', 0.95],
    ['home', 0.98],
    ['clean', 0.92],
    ['late', 0.9],
  ];
  it.each(floors)('%s', (name, share) => {
    expect(simulate(scenario(name)).share).toBeGreaterThan(share);
  });

  it('finds the fast edges, in most draws', () => {
    const shares = [1, 2, 3, 4, 5, 6, 7].map((seed) => simulate(scenario('slow-edges'), { seed }).share);
    shares.sort((left, right) => left - right);
    expect(shares[3]).toBeGreaterThan(0.88);
    expect(shares[0]).toBeGreaterThan(0.8);
  });

  it('loses nothing on networks that nobody chose', () => {
    const shares = randomScenarios(40).map((each, index) => simulate(each, { seed: index + 1 }).share);
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeGreaterThan(0.84);
  });
});

it('does not pass the last piece from one silent source to the other', () => {
  const flaky = { roundTripMs: 8, connectionRate: 57 * MB, failEvery: 4, retryAfterMs: 6, resetShare: 0.5 };
  const silent = { roundTripMs: 76, connectionRate: 180 * MB, stallAfterBytes: MIB };
  const sources = [flaky, silent, { ...silent, roundTripMs: 81, stallAfterBytes: 3 * MIB }];
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const { ms } = simulate({ name: 'silent', sizeBytes: 70 * MIB, sources, idealMs: 1000 }, { seed });
    expect(ms).toBeLessThan(12_000);
  }
});

describe('decisions', () => {
  it('climbs while connections help, and steps back where they hurt', () => {
    const climbed = eventsOf(simulate(scenario('capped-256')).events, 'scheduler.connections');
    expect(climbed.map(({ to, reason }) => `${reason} ${to}`)).toEqual(['climb 16', 'climb 32']);
    const fell = eventsOf(simulate(scenario('collapse-8-capped')).events, 'scheduler.connections');
    expect(fell.map(({ to, reason }) => `${reason} ${to}`).slice(0, 2)).toEqual(['climb 16', 'collapse 8']);
    const [, collapse] = fell;
    expect(collapse?.goodputAfter).toBeLessThan((collapse?.goodputBefore ?? 0) * 0.8);
  });

  it('asks a host with a single connection that collapses beyond one', () => {
    const { events } = simulate(scenario('collapse-1'));
    const changes = eventsOf(events, 'scheduler.connections');
    expect(changes.at(-1)).toMatchObject({ reason: 'ease', from: 2, to: 1 });
    expect(changes.at(-1)?.goodputAfter).toBeGreaterThan((changes.at(-1)?.goodputBefore ?? 0) * 5);
  });

  it('asks a host for no more than it serves at once', () => {
    const { events } = simulate(scenario('429-beyond-4'));
    expect(eventsOf(events, 'scheduler.connections').at(-1)).toMatchObject({ reason: 'refused', to: 4 });
  });

  it('takes back from a source that falls silent, and says so', () => {
    const { events } = simulate(scenario('stalls'));
    expect(eventsOf(events, 'source.degraded')).toMatchObject([{ source: 's2', reason: 'silent' }]);
    expect(eventsOf(events, 'scheduler.taken-back').filter(({ reason }) => reason === 'silent').length).toBeGreaterThan(
      0,
    );
  });

  const well: VirtualProfile = { roundTripMs: 20, connectionRate: 10 * MB, totalRate: 100 * MB };
  const mirrors = (...sources: VirtualProfile[]): VirtualScenario => ({
    ...{ name: 'mirrors', sizeBytes: 1024 * MIB, sources, idealMs: 5_000 },
  });

  it.each<[reason: string, becomes: Omit<NonNullable<VirtualProfile['late']>, 'afterBytes'>, numbers: object]>([
    ['round-trip', { roundTripMs: 210 }, { roundTripMs: 210, failedShare: 0 }],
    ['failures', { resetShare: 0.3 }, { roundTripMs: 20, failedShare: 0.1 }],
  ])('scores a source down within 3 s of the moment it goes bad, with the numbers: %s', (reason, becomes, numbers) => {
    const bad = { ...well, late: { afterBytes: 128 * MIB, ...becomes } };
    const { events, lateSinceMs = Infinity } = simulate(mirrors(bad, well));
    const [degraded] = eventsOf(events, 'source.degraded');
    expect(degraded).toMatchObject({ source: 's0', reason, score: 50, ...numbers });
    expect(degraded).toMatchObject({ to: 's1', toScore: 100, toRoundTripMs: 20 });
    const moved = eventsOf(events, 'scheduler.connections').find((event) => event.reason === 'degraded');
    expect(moved).toMatchObject({ source: 's0', atMs: degraded?.atMs });
    expect(moved?.to).toBeLessThanOrEqual((moved?.from ?? 0) / 2);
    expect(degraded?.atMs).toBeGreaterThanOrEqual(lateSinceMs);
    expect((degraded?.atMs ?? Infinity) - lateSinceMs).toBeLessThan(3_000);
  });

  it('does not hold its distance against a source that is alone or among distant ones', () => {
    const far = { ...well, roundTripMs: 260 };
    for (const sources of [[far], [far, { ...far, roundTripMs: 240 }]])
      expect(eventsOf(simulate(mirrors(...sources)).events, 'source.degraded')).toEqual([]);
  });

  it('leaves a distant source its connections that brings far more than the near one, and loses nothing', () => {
    const far = { ...well, roundTripMs: 260, totalRate: 300 * MB };
    const scenario = mirrors(far, { ...well, totalRate: 10 * MB });
    const both = simulate(scenario);
    const unjudged = simulate(scenario, { schedule: { ...SCHEDULE, degradedRoundTripMs: Infinity } });
    expect(eventsOf(both.events, 'source.degraded')).toMatchObject([{ source: 's0', roundTripMs: 260, to: 's1' }]);
    expect(eventsOf(both.events, 'scheduler.connections').map(({ reason }) => reason)).not.toContain('degraded');
    expect(eventsOf(unjudged.events, 'source.degraded')).toEqual([]);
    expect(both.ms).toBeLessThan((unjudged.ms ?? 0) * 1.05);
  });

  it('neither dials more connections nor any anew while this machine has no time for those that are there', () => {
    for (const name of ['slow-edges', 'capped-256']) {
      const { ms, events, mostAtOnce } = simulate(scenario(name), { isBusyHere: () => true });
      expect(ms).toBeDefined();
      expect(eventsOf(events, 'scheduler.redialled')).toEqual([]);
      expect(eventsOf(events, 'scheduler.connections')).toEqual([]);
      expect(mostAtOnce).toBe(SCHEDULE.startConnections);
    }
  });

  it('dials slow edges again, and learns whether that helps', () => {
    const redialled = eventsOf(simulate(scenario('slow-edges')).events, 'scheduler.redialled');
    expect(redialled.at(-1)?.helped).toBeGreaterThan(3);
    for (const { bytesPerSecond, siblingBytesPerSecond } of redialled)
      expect(bytesPerSecond).toBeLessThan(siblingBytesPerSecond / 2);
  });

  it('does not dial again where all connections are equally slow', () => {
    for (const name of ['capped-256', 'mirrors-256', 'home', 'clean'])
      expect(eventsOf(simulate(scenario(name)).events, 'scheduler.redialled')).toEqual([]);
  });

  it('keeps to a number of connections that it is told', () => {
    expect(simulate({ ...scenario('capped-256'), mostConnections: 5 }).mostAtOnce).toBe(5);
  });
});

/** `simulate` itself throws when a byte comes twice, a host is asked in its pause, or connections are too many. */
describe('on any network', () => {
  /** Twice what the largest file takes at a tenth of the lowest rate, for an origin that collapses beyond one connection. */
  const LIMIT_MS = 2_000_000;
  const rate = fc.integer({ min: 1, max: 200 }).map((mbs) => mbs * MB);
  const maybe = <T>(key: string, value: fc.Arbitrary<T>) =>
    fc.option(value, { nil: undefined, freq: 2 }).map((found) => (found === undefined ? {} : { [key]: found }));
  const after = fc.integer({ min: 0, max: 64 }).map((mib) => mib * MIB);
  const profile: fc.Arbitrary<VirtualProfile> = fc
    .tuple(
      fc.integer({ min: 1, max: 300 }).map((roundTripMs) => ({ roundTripMs })),
      maybe('totalRate', rate),
      rate.map((connectionRate) => ({ connectionRate })),
      maybe('slow', fc.integer({ min: 1, max: 9 })).map(({ slow }) =>
        slow === undefined ? {} : { slowShare: slow / 10, slowRate: 0.2 * MB },
      ),
      maybe('collapse', fc.record({ beyond: fc.integer({ min: 1, max: 20 }), share: fc.constantFrom(0.1, 0.5) })),
      maybe('refuseBeyond', fc.integer({ min: 1, max: 20 })),
      maybe('refuseWindow', fc.record({ requests: fc.integer({ min: 1, max: 30 }), windowMs: fc.constant(1000) })),
      maybe('failEvery', fc.integer({ min: 2, max: 9 })),
      maybe('retryAfterMs', fc.integer({ min: 1, max: 3000 })),
      maybe('resetShare', fc.constantFrom(0.1, 0.5)),
      maybe('jitter', fc.constantFrom(0.2, 0.9)),
    )
    .map((parts) => Object.assign({}, ...parts) as VirtualProfile);
  const failing = fc.tuple(profile, after, fc.boolean()).map(([base, bytes, isDead]) => ({
    ...base,
    ...(isDead ? { dieAfterBytes: bytes } : { stallAfterBytes: bytes }),
  }));
  const network = fc.record({
    /** Somebody stays. */
    sources: fc
      .tuple(profile, fc.array(fc.oneof(profile, failing), { maxLength: 3 }))
      .map(([one, more]) => [one, ...more]),
    sizeBytes: fc.integer({ min: 1, max: 96 * MIB }),
    seed: fc.nat(1000),
    mostConnections: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
    lineRate: fc.option(rate, { nil: undefined }),
  });

  it('brings every byte once, keeps to its budget and to pauses, and comes to an end', () => {
    fc.assert(
      fc.property(network, ({ sources, sizeBytes, seed, mostConnections, lineRate }) => {
        const outcome = simulate(
          {
            ...{ name: 'any', sizeBytes, sources, idealMs: 1000 },
            ...(mostConnections === undefined ? {} : { mostConnections }),
            ...(lineRate === undefined ? {} : { lineRate }),
          },
          { seed, limitMs: LIMIT_MS },
        );
        expect(outcome.ms).toBeDefined();
      }),
      { numRuns: 150 },
    );
  });
});
