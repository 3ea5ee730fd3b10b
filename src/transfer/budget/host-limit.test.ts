import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseTimetable, type SluiceEvent } from '../../base/index.js';
import type { Roll } from '../../store/index.js';
import { openHostLimit, type HostLimit } from './host-limit.js';

const MB = 1_000_000;
type Changed = Extract<SluiceEvent, { type: 'limit.changed' }>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'hrtime', 'performance', 'Date'] });
  vi.setSystemTime(new Date('2026-11-18T12:00:30'));
});
afterEach(() => void vi.useRealTimers());

/** A roll in memory: what each member said, as the others read it. */
class Table {
  readonly said = new Map<symbol, string>();

  member(): Roll {
    const me = Symbol();
    return {
      say: async (value) => void this.said.set(me, JSON.stringify(value)),
      others: async () => [...this.said].filter(([id]) => id !== me).map(([, text]) => JSON.parse(text) as unknown),
      leave: async () => void this.said.delete(me),
    };
  }
}

class Process {
  passedBytes = 0;
  readonly #stop = new AbortController();

  constructor(
    readonly limit: HostLimit,
    readonly events: readonly Changed[],
  ) {}

  get rate(): number {
    return this.limit.bucket.bytesPerSecond ?? Infinity;
  }

  /** Reads as fast as it may, or at most so fast. */
  read(mostPerSecond = 1e9): void {
    void (async () => {
      while (!this.#stop.signal.aborted) {
        await this.limit.bucket.take(50_000, this.#stop.signal);
        this.passedBytes += 50_000;
        await new Promise((resolve) => setTimeout(resolve, (50_000 / mostPerSecond) * 1000));
      }
    })();
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.limit.close();
  }
}

async function start(table: Table, limit: string, roll = table.member()): Promise<Process> {
  const events: Changed[] = [];
  const emit = (event: SluiceEvent): void => {
    if (event.type === 'limit.changed') events.push(event);
  };
  const one = new Process(await openHostLimit({ timetable: parseTimetable(limit), roll, emit }), events);
  onTestFinished(() => one.end());
  return one;
}

async function pass(seconds: number, each: () => void = () => undefined): Promise<void> {
  for (let step = 0; step < seconds * 20; step += 1) {
    await vi.advanceTimersByTimeAsync(50);
    each();
  }
}

describe('a limit of the host', () => {
  it('is all for the one who is alone, from the first byte', async () => {
    const one = await start(new Table(), '20MB/s');
    expect(one.rate).toBe(20 * MB);
    one.read();
    await pass(4);
    expect(one.passedBytes).toBeLessThan(82.5 * MB);
    expect(one.passedBytes).toBeGreaterThan(75 * MB);
    expect(one.events).toEqual([
      {
        type: 'limit.changed',
        limitBytesPerSecond: 20 * MB,
        shareBytesPerSecond: 20 * MB,
        processes: 1,
        reason: 'begin',
      },
    ]);
  });

  it('is never exceeded when another comes, and soon divided in halves', async () => {
    const table = new Table();
    const one = await start(table, '20MB/s');
    one.read();
    await pass(1.3);
    const two = await start(table, '20MB/s');
    two.read();
    expect(two.rate).toBeLessThan(MB / 2);
    await pass(5, () => expect(one.rate + two.rate).toBeLessThan(20.4 * MB));
    expect([one.rate, two.rate]).toEqual([10 * MB, 10 * MB]);
    const before = one.passedBytes + two.passedBytes;
    await pass(4);
    expect(one.passedBytes + two.passedBytes - before).toBeLessThan(83 * MB);
    expect(two.events.at(-1)).toMatchObject({ shareBytesPerSecond: 10 * MB, processes: 2, reason: 'shared' });
  });

  it('is told before more of it is used, and after less of it is', async () => {
    const table = new Table();
    const member = table.member();
    const told: boolean[] = [];
    const held: { process?: Process } = {};
    const say = async (value: object): Promise<void> => {
      await member.say(value);
      const { shareBytesPerSecond } = value as { shareBytesPerSecond: number };
      if (held.process !== undefined) told.push(held.process.rate <= shareBytesPerSecond + 1);
    };
    const one = await start(table, '20MB/s', { ...member, say });
    held.process = one;
    one.read();
    const two = await start(table, '20MB/s');
    two.read();
    await pass(4);
    await two.end();
    await pass(3);
    expect(one.rate).toBe(20 * MB);
    expect(told.length).toBeGreaterThan(5);
    expect(told).not.toContain(false);
  });

  it('is divided right when many begin in the same moment', async () => {
    const table = new Table();
    const all = await Promise.all(Array.from({ length: 8 }, () => start(table, '16MB/s')));
    for (const one of all) one.read();
    await pass(1.1);
    await pass(4, () => expect(all.reduce((sum, { rate }) => sum + rate, 0)).toBeLessThan(16.3 * MB));
    for (const { rate } of all) expect(rate).toBeCloseTo(2 * MB, -2);
  });

  it('leaves to the others what one does not use', async () => {
    const table = new Table();
    const [one, two] = [await start(table, '20MB/s'), await start(table, '20MB/s')];
    one.read(2 * MB);
    two.read();
    await pass(6);
    expect(two.rate).toBeGreaterThan(16 * MB);
    expect(one.rate + two.rate).toBeLessThanOrEqual(20 * MB + 1);
    one.read();
    await pass(5);
    expect(two.rate).toBeCloseTo(10 * MB, -2);
  });

  it('is all for whoever is left', async () => {
    const table = new Table();
    const [one, two] = [await start(table, '20MB/s'), await start(table, '20MB/s')];
    one.read();
    two.read();
    await pass(4);
    await one.end();
    await pass(2);
    expect(two.rate).toBe(20 * MB);
    await two.end();
    expect(table.said.size).toBe(0);
  });

  it('of different heights: all stay below the highest, each below its own', async () => {
    const table = new Table();
    const [low, high] = [await start(table, '5MB/s'), await start(table, '20MB/s')];
    low.read();
    high.read();
    await pass(5);
    expect([low.rate, high.rate]).toEqual([5 * MB, 15 * MB]);
  });

  it('changes at the minute, and says so', async () => {
    const table = new Table();
    const one = await start(table, '12:01-12:02 1MB/s, none');
    const other = await start(table, '1MB/s');
    one.read();
    other.read();
    await pass(29);
    expect(one.rate).toBe(Infinity);
    expect(other.rate).toBe(MB);
    await pass(5);
    expect(one.rate + other.rate).toBe(MB);
    expect(table.said.size).toBe(2);
    await pass(57);
    expect([one.rate, other.rate]).toEqual([Infinity, MB]);
    expect(table.said.size).toBe(1);
    const timetable = one.events.filter(({ reason }) => reason === 'timetable');
    expect(timetable.map(({ limitBytesPerSecond }) => limitBytesPerSecond)).toEqual([MB, null]);
  });

  it('holds also where nothing can be written, and whatever others say', async () => {
    const broken = (): Promise<never> => Promise.reject(new Error('read-only'));
    const alone = await start(new Table(), '20MB/s', { say: broken, others: broken, leave: broken });
    expect(alone.rate).toBe(20 * MB);
    const table = new Table();
    table.said.set(Symbol(), '{"limitBytesPerSecond":-5,"demandBytesPerSecond":"x"}').set(Symbol(), 'null');
    expect((await start(table, '20MB/s')).rate).toBe(20 * MB);
  });
});
