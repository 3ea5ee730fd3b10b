import { describe, expect, it, onTestFinished } from 'vitest';
import type { Span } from '../hubs/index.js';
import { openTransfers, type Demand, type Transfers, type Wanted } from './index.js';
import { makeRig, MIB, seededContent, taskOf, type Rig } from './testing/rig.js';

/** Somebody who wants what the test says. */
class Wishes implements Demand {
  readonly opens: (readonly Span[])[] = [];
  readonly arrivals: Span[] = [];
  readonly withdrawals: Span[] = [];
  verifications = 0;
  #wanted: Wanted;
  #tell: () => void = () => undefined;

  constructor(...spans: readonly Span[]) {
    this.#wanted = { isAll: false, spans };
  }

  wanted(): Wanted {
    return this.#wanted;
  }

  listen(listener: () => void): void {
    this.#tell = listener;
  }

  opened(_pieceBytes: number, held: readonly Span[]): void {
    this.opens.push(held);
  }

  arrived(span: Span): void {
    this.arrivals.push(span);
  }

  withdrawn(span: Span): void {
    this.withdrawals.push(span);
  }

  verified(): void {
    this.verifications += 1;
  }

  want(wanted: Wanted): void {
    this.#wanted = wanted;
    this.#tell();
  }
}

async function open({ store, transport, events }: Rig): Promise<Transfers> {
  const emit = (event: Rig['events'][number]): void => void events.push(event);
  const transfers = await openTransfers({ store, transport, emit, connections: 8, noProgressMs: 5000 });
  onTestFinished(() => transfers.close());
  return transfers;
}

const content = seededContent({ seed: 'transfers', sizeBytes: 20 * MIB });
const mib = (first: number, end: number): Span => ({ startByte: first * MIB, endByte: end * MIB });
const landedOf = (rig: Rig): number[] =>
  rig
    .eventsOf('piece.landed')
    .map(({ index }) => index)
    .sort((left, right) => left - right);

describe('a transfer that goes on', () => {
  it('tells of what comes of a piece before it is whole', async () => {
    const rig = await makeRig();
    const stall = { on: { host: 'cdn', times: 1 }, fault: { type: 'stall', afterBytes: 50_000 } } as const;
    const sim = await rig.sim({ 'a.bin': content }, { faults: [stall] });
    const transfers = await open(rig);
    const wishes = new Wishes(mib(3, 4));
    const stop = new AbortController();
    const brought = transfers.add({ ...taskOf('a.bin', content, [sim]), demand: wishes }, { emit: () => undefined, signal: stop.signal }); // prettier-ignore
    await expect.poll(() => wishes.arrivals.length, { timeout: 20_000 }).toBeGreaterThan(0);
    for (const { startByte, endByte } of wishes.arrivals) {
      expect(startByte).toBe(3 * MIB);
      expect(endByte).toBeGreaterThan(3 * MIB);
    }
    stop.abort();
    await brought;
    expect(wishes.withdrawals).toEqual([]);
  });

  it('takes back what came of a piece when it is fetched anew from its beginning', async () => {
    const rig = await makeRig();
    const faults = [
      { on: { host: 'cdn', times: 1 }, fault: { type: 'reset', afterBytes: 300_000 } },
      { on: { host: 'cdn', skip: 1 }, fault: { type: 'ignore-range' } },
    ] as const;
    const sim = await rig.sim({ 'a.bin': content }, { faults });
    const transfers = await open(rig);
    const wishes = new Wishes(mib(3, 4));
    const brought = transfers.add({ ...taskOf('a.bin', content, [sim]), demand: wishes }, { emit: () => undefined });
    await expect.poll(() => wishes.withdrawals, { timeout: 20_000 }).toEqual([mib(3, 4)]);
    wishes.want({ isAll: true, spans: [] });
    expect(wishes.verifications).toBe(0);
    expect((await brought).error).toBeUndefined();
    expect(wishes.verifications).toBe(1);
    await rig.assertBlobsRight();
  });

  it('fetches what is wanted and no more, keeps it, and goes on when more is', async () => {
    const rig = await makeRig();
    const sim = await rig.sim({ 'a.bin': content });
    const transfers = await open(rig);
    const emit = (event: Rig['events'][number]): void => void rig.events.push(event);
    const stop = new AbortController();
    const wishes = new Wishes(mib(15, 17), mib(3, 4));
    const task = { ...taskOf('a.bin', content, [sim]), demand: wishes };
    const first = transfers.add(task, { emit, signal: stop.signal });
    await expect.poll(() => landedOf(rig), { timeout: 20_000 }).toEqual([3, 15, 16]);
    wishes.want({ isAll: false, spans: [mib(8, 9)] });
    await expect.poll(() => landedOf(rig), { timeout: 20_000 }).toEqual([3, 8, 15, 16]);
    stop.abort();
    expect((await first).error?.code).toBe('INTERRUPTED');

    const again = new Wishes();
    const second = transfers.add({ ...task, demand: again }, { emit });
    await expect.poll(() => again.opens, { timeout: 20_000 }).toEqual([[mib(3, 4), mib(8, 9), mib(15, 17)]]);
    again.want({ isAll: true, spans: [mib(12, 20)] });
    const result = await second;
    expect(result.error).toBeUndefined();
    expect(result.fetchedBytes).toBe(16 * MIB);
    expect(landedOf(rig)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    await rig.assertBlobsRight();
  });

  it('brings files side by side over the connections that it has; one that fails fails alone', async () => {
    const rig = await makeRig();
    const other = seededContent({ seed: 'other', sizeBytes: 3 * MIB });
    const small = seededContent({ seed: 'small', sizeBytes: 1000 });
    const sim = await rig.sim({ 'a.bin': content, 'b.bin': other, 'c.json': small, 'd.bin': content });
    const wrong = { ...taskOf('gone.bin', content, [sim]), digests: { sha256: 'a'.repeat(64) } };
    const transfers = await open(rig);
    const emit = (): void => undefined;
    const bring = (path: string, bytes: typeof content): Promise<{ error?: { code: string } }> =>
      transfers.add(taskOf(path, bytes, [sim]), { emit });
    const results = await Promise.all([
      bring('a.bin', content),
      transfers.add(wrong, { emit }),
      bring('b.bin', other),
      bring('c.json', small),
    ]);
    expect(results.map(({ error }) => error?.code)).toEqual([undefined, 'FILE_NOT_FOUND', undefined, undefined]);
    expect(await rig.assertBlobsRight()).toHaveLength(3);
    expect((await bring('c.json', { ...small })).error).toBeUndefined();
    const ask = async (name: string): Promise<void> => {
      const late = seededContent({ seed: name, sizeBytes: 1000 });
      expect((await transfers.add(taskOf(name, late, [sim]), { emit })).error?.code).toBe('FILE_NOT_FOUND');
    };
    // What was being dialled when the files were whole is here after that.
    await ask('first');
    const connections = sim.connections;
    for (let round = 0; round < 10; round += 1) await ask(`late ${round}`);
    expect(sim.connections).toBe(connections);
  });

  it('takes nothing any more once it is closed, and lets go of what was under way', async () => {
    const rig = await makeRig();
    const sim = await rig.sim({ 'a.bin': content }, { network: { totalBytesPerSecond: MIB } });
    const transfers = await open(rig);
    const emit = (event: Rig['events'][number]): void => void rig.events.push(event);
    const work = transfers.add(taskOf('a.bin', content, [sim]), { emit });
    await expect.poll(() => rig.eventsOf('file.started').length, { timeout: 20_000 }).toBe(1);
    await transfers.close();
    expect((await work).error?.code).toBe('INTERRUPTED');
    expect((await transfers.add(taskOf('a.bin', content, [sim]), { emit })).error?.code).toBe('INTERRUPTED');
    const result = await rig.pull(taskOf('a.bin', content, [await rig.sim({ 'a.bin': content })]));
    expect(result.error).toBeUndefined();
  });
});
