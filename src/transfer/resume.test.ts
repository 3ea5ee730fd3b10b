import { appendFileSync, readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sim } from '../sim/index.js';
import type { ForeignPartial } from '../store/index.js';
import { formatLine } from './journal/journal-line.js';
import { MIB, makeRig, seededContent, sha256Of, taskOf, wholeContent, type Rig } from './testing/rig.js';

const big = seededContent({ seed: 4, sizeBytes: 24 * MIB + 7 });
const files = { 'big.bin': big };
const slow = { network: { totalBytesPerSecond: 30e6 } };

/** Pulls until so many pieces have landed, then Ctrl-C. */
async function pullAndInterrupt(rig: Rig, sim: Sim, afterPieces: number): Promise<void> {
  const stop = new AbortController();
  const pulling = rig.pull(taskOf('big.bin', big, [sim]), { signal: stop.signal });
  const ended = expect(pulling).rejects.toMatchObject({ code: 'INTERRUPTED' });
  while (rig.eventsOf('piece.landed').length < afterPieces) await new Promise((resolve) => setTimeout(resolve, 2));
  stop.abort();
  await ended;
}

function partialFolder(rig: Rig): string {
  const partials = join(rig.store.root, 'partials');
  return join(partials, readdirSync(partials)[0] ?? '');
}

it('keeps what arrived when interrupted, to the byte, and goes on from another source', async () => {
  const rig = await makeRig();
  // One connection brings a part of the first piece and then nothing.
  const stall = { on: { host: 'cdn', coversByte: 0 }, fault: { type: 'stall', afterBytes: 300_000 } } as const;
  const sim = await rig.sim(files, { ...slow, faults: [stall] });
  await pullAndInterrupt(rig, sim, 6);
  expect(readdirSync(partialFolder(rig)).sort()).toEqual(['data', 'journal']);
  const other = await rig.sim(files);
  const result = await rig.pull(taskOf('big.bin', big, [other]));
  expect(result.sha256).toBe(sha256Of(big));
  // Not only whole pieces are kept: all that had been read is.
  const before = rig.eventsOf('file.started').at(-1)?.resumedBytes ?? 0;
  expect(before % MIB).not.toBe(0);
  expect(result.fetchedBytes).toBe(big.sizeBytes - before);
  expect(rig.eventsOf('file.started').at(-1)?.resumedBytes).toBeGreaterThan(6 * MIB);
  expect(result.pieces).toHaveLength(25);
  expect(readdirSync(join(rig.store.root, 'partials'))).toEqual([]);
});

describe('what a crash or a disk may do to a partial', () => {
  const harms: readonly [string, (folder: string) => void][] = [
    [
      'a torn last record',
      (folder) => truncateSync(join(folder, 'journal'), statSync(join(folder, 'journal')).size - 9),
    ],
    ['an empty journal', (folder) => truncateSync(join(folder, 'journal'), 0)],
    ['a journal of something else', (folder) => writeFileSync(join(folder, 'journal'), 'hello\n')],
    ['data cut short', (folder) => truncateSync(join(folder, 'data'), 3 * MIB)],
    ['no data', (folder) => truncateSync(join(folder, 'data'), 0)],
    ['a record that lies about a piece', (folder) => appendFileSync(join(folder, 'journal'), lie(24))],
    [
      'a wrong byte in a landed piece',
      (folder) => {
        const data = readFileSync(join(folder, 'data'));
        data.writeUInt8(data.readUInt8(100) ^ 1, 100);
        writeFileSync(join(folder, 'data'), data);
      },
    ],
    [
      'lost writes under another kernel',
      (folder) => {
        const lines = readFileSync(join(folder, 'journal'), 'utf8').split('\n');
        const header = JSON.parse((lines[0] ?? '').slice(0, -9)) as object;
        lines[0] = formatLine({ ...header, bootId: 'another' }).trimEnd();
        writeFileSync(join(folder, 'journal'), lines.join('\n'));
        const data = readFileSync(join(folder, 'data'));
        writeFileSync(join(folder, 'data'), data.fill(0, 0, 2 * MIB));
      },
    ],
  ];
  const lie = (piece: number): string =>
    formatLine({ piece, sha256: '0'.repeat(64), source: 'x', atMs: 1, ms: 1, retries: 0 });

  it.each(harms)('%s: the file is right all the same', async (_name, harm) => {
    const rig = await makeRig();
    const sim = await rig.sim(files, slow);
    await pullAndInterrupt(rig, sim, 6);
    harm(partialFolder(rig));
    const result = await rig.pull(taskOf('big.bin', big, [await rig.sim(files)]));
    expect(result.sha256).toBe(sha256Of(big));
    await rig.assertBlobsRight();
  });
});

it('fetches only the pieces of a blob that have gone wrong on disk', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files);
  await rig.pull(taskOf('big.bin', big, [sim]));
  const path = rig.store.blobPath(sha256Of(big));
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(7 * MIB + 9) ^ 1, 7 * MIB + 9);
  await chmod(path, 0o644);
  writeFileSync(path, bytes);
  expect(await rig.store.proveBlob(sha256Of(big))).toBe('wrong');
  const result = await rig.pull(taskOf('big.bin', big, [sim]));
  expect(result.sha256).toBe(sha256Of(big));
  expect(result.fetchedBytes).toBe(MIB);
  await rig.assertBlobsRight();
});

describe('partials of other tools', () => {
  it('are adopted, and only the rest is fetched', async () => {
    const rig = await makeRig();
    const sim = await rig.sim(files);
    const path = join(rig.store.root, 'foreign');
    writeFileSync(path, wholeContent(big).subarray(0, 10 * MIB + 500));
    const ranges = [{ startByte: 0, endByte: 10 * MIB + 500 }];
    const foreignPartials = async (): Promise<ForeignPartial[]> => [{ path, tool: 'aria2', ranges, atByte: 0 }];
    const result = await rig.pull(taskOf('big.bin', big, [sim]), { foreignPartials });
    expect(result.sha256).toBe(sha256Of(big));
    expect(result.fetchedBytes).toBe(big.sizeBytes - 10 * MIB);
    expect(result.pieces.filter(({ source }) => source === 'local')).toHaveLength(10);
    expect(rig.eventsOf('file.adopted')).toMatchObject([{ from: path, bytes: 10 * MIB }]);
  });

  it('are given up first when the whole is wrong', async () => {
    const rig = await makeRig();
    const sim = await rig.sim(files);
    const path = join(rig.store.root, 'foreign');
    writeFileSync(path, Buffer.alloc(10 * MIB, 1));
    const ranges = [{ startByte: 0, endByte: 10 * MIB }];
    const foreignPartials = async (): Promise<ForeignPartial[]> => [{ path, tool: 'aria2', ranges, atByte: 0 }];
    const result = await rig.pull(taskOf('big.bin', big, [sim]), { foreignPartials });
    expect(result.sha256).toBe(sha256Of(big));
    expect(result.fetchedBytes).toBe(big.sizeBytes);
  });
});
