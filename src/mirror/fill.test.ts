import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Fill } from './fill.js';

const SIZE = 2 ** 20;

function setUp(patience?: { readonly silentMs: number; readonly dripMs: number }) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-fill-'));
  onTestFinished(() => {
    const left = openIn(folder);
    rmSync(folder, { recursive: true, force: true });
    expect(left).toEqual([]);
  });
  const dataPath = join(folder, 'data');
  writeFileSync(dataPath, Buffer.alloc(SIZE, 7));
  let doubts = 0;
  const fill = new Fill({
    sizeBytes: SIZE,
    dataPath,
    makeRoom: () => Promise.resolve(true),
    onIdle: () => undefined,
    onDoubt: () => (doubts += 1),
    ...(patience && { patience }),
  });
  const pieces = { digestOf: () => undefined, distrust: () => undefined };
  fill.opened(SIZE, [], pieces);
  const provenPath = Promise.resolve(dataPath);
  const read = () => fill.read({ startByte: 0, endByte: SIZE }, provenPath, new AbortController().signal);
  return { fill, read, dataPath, doubts: () => doubts };
}

/** Files in a folder that this process has open, where the system tells. */
function openIn(folder: string): readonly string[] {
  const at = '/proc/self/fd';
  const linkOf = (fd: string): string => {
    try {
      return readlinkSync(join(at, fd));
    } catch {
      // It was closed meanwhile.
      return '';
    }
  };
  return process.platform === 'linux'
    ? readdirSync(at)
        .map(linkOf)
        .filter((path) => path.startsWith(folder))
    : [];
}

const lengthOf = ({ value }: IteratorResult<Buffer, unknown>): number => (value instanceof Buffer ? value.length : 0);

it('gives out what has come of a piece', async () => {
  const { fill, read } = setUp();
  const reading = read();
  const first = reading.next();
  fill.arrived({ startByte: 0, endByte: 1000 });
  expect((await first).value).toHaveLength(1000);
  const second = reading.next();
  fill.arrived({ startByte: 0, endByte: 1500 });
  expect((await second).value).toHaveLength(500);
  await reading.return(undefined);
});

it('holds the end of a file back until it is right, and not until it has its name', async () => {
  const { fill, read } = setUp();
  const reading = read();
  const first = reading.next();
  fill.landed(0, SIZE);
  let bytes = lengthOf(await first);
  while (bytes < SIZE - 64 * 1024) bytes += lengthOf(await reading.next());
  expect(bytes).toBe(SIZE - 64 * 1024);
  const last = reading.next();
  fill.verified();
  expect((await last).value).toHaveLength(64 * 1024);
  expect((await reading.next()).done).toBe(true);
});

it('ends whoever read what is fetched anew, and nobody else', async () => {
  const { fill, read, doubts } = setUp();
  const [reading, other] = [read(), read()];
  const [first, waits] = [reading.next(), other.next()];
  fill.arrived({ startByte: 0, endByte: 1000 });
  await Promise.all([first, waits]);
  const late = read();
  const lateFirst = late.next();
  fill.withdrawn({ startByte: 0, endByte: SIZE });
  expect(doubts()).toBe(1);
  await expect(reading.next()).rejects.toMatchObject({ code: 'BAD_RESPONSE' });
  await expect(other.next()).rejects.toMatchObject({ code: 'BAD_RESPONSE' });
  fill.arrived({ startByte: 0, endByte: 500 });
  expect((await lateFirst).value).toHaveLength(500);
  await late.return(undefined);
});

it('does not give out what it has read ahead and is fetched anew since', async () => {
  const { fill, read } = setUp();
  const reading = read();
  const first = reading.next();
  fill.landed(0, SIZE);
  const bytes = lengthOf(await first);
  expect(bytes).toBeLessThan(SIZE);
  fill.withdrawn({ startByte: bytes, endByte: SIZE });
  fill.landed(bytes, SIZE);
  await expect(reading.next()).rejects.toMatchObject({ code: 'BAD_RESPONSE' });
});

it('compares what an earlier run left with its digest before it goes out', async () => {
  const { fill, read, dataPath } = setUp();
  const half = SIZE / 2;
  const right = createHash('sha256').update(Buffer.alloc(half, 7)).digest('hex');
  const distrusted: number[] = [];
  const pieces = { digestOf: () => right, distrust: (index: number) => distrusted.push(index) };
  fill.opened(half, [{ startByte: 0, endByte: SIZE }], pieces);
  writeFileSync(dataPath, Buffer.concat([Buffer.alloc(half, 7), Buffer.alloc(half - 1, 7), Buffer.alloc(1, 6)]));
  const reading = read();
  let bytes = 0;
  await expect(
    (async () => {
      for (;;) bytes += lengthOf(await reading.next());
    })(),
  ).rejects.toMatchObject({ code: 'CORRUPT_STORE' });
  expect(bytes).toBe(half);
  expect(distrusted).toEqual([1]);
});

it('tells whoever reads when nothing comes any more, and goes on for those who come again', async () => {
  const { fill, read } = setUp({ silentMs: 20, dripMs: 60_000 });
  fill.arrived({ startByte: 0, endByte: 1000 });
  const reading = read();
  expect((await reading.next()).value).toHaveLength(1000);
  await expect(reading.next()).rejects.toMatchObject({ code: 'STALLED' });
  fill.arrived({ startByte: 0, endByte: 1500 });
  const again = read();
  expect((await again.next()).value).toHaveLength(1500);
  await again.return(undefined);
});

it('gives out what it holds back byte by byte meanwhile, and the last only when all is right', async () => {
  const { fill, read } = setUp({ silentMs: 60_000, dripMs: 1 });
  const reading = read();
  const first = reading.next();
  fill.landed(0, SIZE);
  let bytes = lengthOf(await first);
  while (bytes < SIZE - 64 * 1024) bytes += lengthOf(await reading.next());
  const late = fill.read({ startByte: SIZE - 2, endByte: SIZE }, Promise.resolve(''), new AbortController().signal);
  expect(lengthOf(await late.next())).toBe(1);
  const last = late.next();
  let isOut = false;
  void last.then(() => (isOut = true));
  for (let dripped = 0; dripped < 5; dripped += 1) expect(lengthOf(await reading.next())).toBe(1);
  await reading.return(undefined);
  expect(isOut).toBe(false);
  fill.verified();
  expect(lengthOf(await last)).toBe(1);
  // A reader that is asked no more holds its file open.
  expect((await late.next()).done).toBe(true);
});
