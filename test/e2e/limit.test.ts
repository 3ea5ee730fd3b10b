import type { ChildProcess } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededContent } from '../../src/sim/index.js';
import {
  eventsOf,
  newMachine,
  sluice,
  startSluice,
  withEnv,
  type Finished,
  type JsonEvent,
  type Machine,
} from './harness.js';
import { hub } from './hub.js';

const MB = 1_000_000;
const LIMIT = 4 * MB;
const WEIGHT = (seed: string) => ({ 'model.bin': seededContent({ seed, sizeBytes: 32 * MB }) });
const REPOSITORIES = [
  { id: 'acme/one', files: WEIGHT('one') },
  { id: 'acme/two', files: WEIGHT('two') },
];

/** A pull whose events can be looked at while it runs. */
interface Watched {
  readonly child: ChildProcess;
  readonly done: Promise<Finished>;
  readonly events: () => readonly JsonEvent[];
}

function pull(machine: Machine, ref: string): Watched {
  const { child, done } = startSluice(machine, ['pull', ref, '--json', '--connections', '2']);
  let text = '';
  child.stdout?.on('data', (part: string) => (text += part));
  const whole = (): string => text.slice(0, text.lastIndexOf('\n') + 1);
  return { child, done, events: () => eventsOf({ stdout: whole() } as Finished) };
}

/** Bytes per second from the first report after one time to the last before another: by the process's own times, however late they are. */
function rateBetween({ events }: Watched, fromMs: number, toMs: number): number {
  const reports = events().flatMap((event) => {
    const atMs = Date.parse(String(event.at));
    if (event.type !== 'progress' || atMs < fromMs || atMs > toMs) return [];
    const sources = event.sources as readonly { doneBytes: number }[];
    return [{ atMs, bytes: sources.reduce((sum, { doneBytes }) => sum + doneBytes, 0) }];
  });
  const [first, last] = [reports[0]!, reports.at(-1)!];
  expect(last.atMs - first.atMs).toBeGreaterThan(500);
  return ((last.bytes - first.bytes) / (last.atMs - first.atMs)) * 1000;
}

const lastShare = ({ events }: Watched): JsonEvent | undefined =>
  events().findLast(({ type }) => type === 'limit.changed');

/** The same machine, whose clock on the wall shows this local time when a program starts on it. */
async function clockAt(machine: Machine, localTime: string): Promise<Machine> {
  const path = join(machine.root, 'clock.mjs');
  await writeFile(
    path,
    `const offMs = new Date('${localTime}').getTime() - Date.now();
    globalThis.Date = class extends Date {
      constructor(...given) {
        super(...(given.length === 0 ? [Date.now() + offMs] : given));
      }
    };`,
  );
  return withEnv(machine, { NODE_OPTIONS: `--import=${path}` });
}

describe('a bandwidth limit', () => {
  it('holds for two processes together, is shared fairly, and goes to whoever is left after kill -9', async () => {
    const sim = await hub({ repositories: REPOSITORIES });
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_LIMIT: '4MB/s' });
    const [one, two] = [pull(machine, 'acme/one'), pull(machine, 'acme/two')];
    for (const each of [one, two]) {
      await expect
        .poll(() => lastShare(each), { timeout: 20_000 })
        .toMatchObject({ processes: 2, shareBytesPerSecond: LIMIT / 2, limitBytesPerSecond: LIMIT });
    }
    const fromMs = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const toMs = Date.now();
    const rate = rateBetween(one, fromMs, toMs) + rateBetween(two, fromMs, toMs);
    expect(rate).toBeLessThan(LIMIT * 1.25);
    expect(one.events().findLast(({ type }) => type === 'progress')).toHaveProperty('limitBytesPerSecond');
    expect(await readdir(join(machine.home, 'limits'))).toHaveLength(2);
    two.child.kill('SIGKILL');
    expect((await two.done).signal).toBe('SIGKILL');
    const finished = await one.done;
    expect(finished.code, finished.stderr).toBe(0);
    expect(lastShare(one)).toMatchObject({ processes: 1, shareBytesPerSecond: LIMIT, reason: 'shared' });
    expect(await readdir(join(machine.home, 'limits'))).toEqual([]);
  }, 60_000);

  it('is for whoever is there: a pull without one is not held back, and one that ends leaves nothing behind', async () => {
    const sim = await hub({ repositories: REPOSITORIES });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const free = await sluice(machine, 'pull', 'acme/one', '--json');
    expect(free.code, free.stderr).toBe(0);
    expect(eventsOf(free).filter(({ type }) => type === 'limit.changed')).toEqual([]);
    const held = await sluice(machine, 'pull', 'acme/two', '--json', '--limit', 'Mon-Sun 00:00-24:00 32MB/s');
    expect(held.code, held.stderr).toBe(0);
    expect(eventsOf(held).filter(({ type }) => type === 'limit.changed')).toMatchObject([
      { limitBytesPerSecond: 32 * MB, shareBytesPerSecond: 32 * MB, processes: 1, reason: 'begin' },
    ]);
    expect(await readdir(join(machine.home, 'limits'))).toEqual([]);
  });

  it('ends at its minute in the midst of a pull', async () => {
    const sim = await hub({ repositories: REPOSITORIES });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const early = await clockAt(machine, '2026-11-18T11:59:54');
    const pulled = await sluice(early, 'pull', 'acme/one', '--json', '--limit', '11:00-12:00 2MB/s');
    expect(pulled.code, pulled.stderr).toBe(0);
    const events = eventsOf(pulled);
    const changes = events.filter(({ type }) => type === 'limit.changed');
    expect(changes).toMatchObject([
      { reason: 'begin', limitBytesPerSecond: 2 * MB, shareBytesPerSecond: 2 * MB },
      { reason: 'timetable', limitBytesPerSecond: null, shareBytesPerSecond: null },
    ]);
    const at = events.indexOf(changes[1]!);
    expect(events.slice(0, at).some((event) => 'limitBytesPerSecond' in event && event.type === 'progress')).toBe(true);
    expect(events.slice(at + 1).some((event) => 'limitBytesPerSecond' in event)).toBe(false);
  });

  it('is a timetable wherever it is said, and is refused with the reason when it is none', async () => {
    const machine = await newMachine({ SLUICE_LIMIT: '08:00-18:00 20MB/s, 18:00-08:00 none' });
    const shown = await sluice(machine, 'config', 'limit', '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({ value: '08:00-18:00 20.0 MB/s, 18:00-08:00 none' });
    const wrong = await sluice(machine, 'config', '--limit', '08:00-25:00 20MB/s');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('25:00 is no time of day');
  });
});
