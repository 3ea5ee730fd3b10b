import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededContent } from '../../src/sim/index.js';
import { newMachine, type Machine } from './harness.js';
import { largeOrigin } from './large-origin.js';
import { startServing, type Serving } from './serving.js';

const MIB = 2 ** 20;
const GB = 1e9;
const LARGE = seededContent({ seed: 'large', sizeBytes: 50 * GB });

interface Part {
  readonly status: string | null;
  readonly isRight: boolean;
}

async function partOf(url: string, startByte: number, bytes: number): Promise<Part> {
  const range = `bytes=${startByte}-${startByte + bytes - 1}`;
  const answer = await fetch(url, { headers: { range } });
  const body = Buffer.from(await answer.arrayBuffer());
  return { status: answer.headers.get('x-cache-status'), isRight: body.equals(LARGE.read(startByte, bytes)) };
}

/** Files of the mirror that are being fetched are locked: none is. */
async function untilRested({ home }: Machine): Promise<void> {
  const isHeld = (): boolean =>
    readdirSync(join(home, 'partials'), { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('lease'));
  while (isHeld()) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function mirrorOf(origin: string): Promise<{ machine: Machine; serve: () => Promise<Serving> }> {
  const machine = await newMachine();
  return { machine, serve: () => startServing(machine, '--site', `big=files:${origin}`) };
}

describe('a mirror that is asked for a part of a file of 50 GB', () => {
  it('fetches about that, gives it again without asking, and goes on where it was after it was killed', async () => {
    const origin = await largeOrigin({ 'large.bin': LARGE });
    const { machine, serve } = await mirrorOf(origin.url);
    const first = await serve();
    const at = 40 * GB + 12_345;
    const address = (serving: Serving): string => `${serving.url}/-/big/large.bin`;
    expect(await partOf(address(first), at, MIB)).toEqual({ status: 'MISS', isRight: true });
    expect(origin.sentBytes()).toBeLessThan(16 * MIB);
    expect((await partOf(address(first), 50 * GB - 100, 100)).isRight).toBe(true);
    await untilRested(machine);
    const fetched = origin.sentBytes();
    expect(fetched).toBeLessThan(32 * MIB);

    const parts = [partOf(address(first), at, MIB), partOf(address(first), at + 10, 1000)];
    for (const part of await Promise.all(parts)) expect(part.isRight).toBe(true);
    expect(origin.sentBytes()).toBe(fetched);
    expect(await partOf(address(first), at, MIB)).toEqual({ status: 'PARTIAL', isRight: true });

    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const second = await serve();
    expect((await partOf(address(second), at, MIB)).isRight).toBe(true);
    expect(origin.sentBytes()).toBe(fetched);
    expect((await partOf(address(second), 10 * GB, 2 * MIB)).isRight).toBe(true);
    expect(origin.sentBytes()).toBeLessThan(fetched + 32 * MIB);
  });

  it('brings what is read now before what is read elsewhere', async () => {
    const origin = await largeOrigin({ 'large.bin': LARGE });
    const { serve } = await mirrorOf(origin.url);
    const { url } = await serve();
    const stop = new AbortController();
    const answer = await fetch(`${url}/-/big/large.bin`, {
      headers: { range: 'bytes=0-9999999999' },
      signal: stop.signal,
    });
    const reader = answer.body?.getReader();
    await reader?.read();
    const before = origin.sentBytes();
    expect((await partOf(`${url}/-/big/large.bin`, 30 * GB, 3 * MIB)).isRight).toBe(true);
    // The first goes on meanwhile, but nobody waits for all of what lies in between.
    expect(origin.sentBytes() - before).toBeLessThan(9 * GB);
    stop.abort();
    await reader?.cancel().catch(() => undefined);
  });
});

it('files without a digest are told apart by their addresses, also those of one length', async () => {
  const files = ['one', 'two', 'three'].map((seed) => [seed, seededContent({ seed, sizeBytes: 300_000 })] as const);
  const origin = await largeOrigin(Object.fromEntries(files));
  const { serve } = await mirrorOf(origin.url);
  const { url } = await serve();
  const read = async (name: string): Promise<Buffer> =>
    Buffer.from(await (await fetch(`${url}/-/big/${name}`)).arrayBuffer());
  const bodies = await Promise.all(files.map(([name]) => read(name)));
  bodies.forEach((body, index) => {
    expect(body.equals(files[index]?.[1].read(0, 300_000) ?? Buffer.alloc(0))).toBe(true);
  });
});
