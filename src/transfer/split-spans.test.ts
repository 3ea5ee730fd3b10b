import { expect, it, onTestFinished } from 'vitest';
import type { Spans } from '../hubs/index.js';
import { createDecodePool, type XetTarget } from '../hubs/xet/index.js';
import { chunkRecord } from '../hubs/xet/testing/encode.js';
import { makeRig, MIB, seededContent, taskOf, wholeContent } from './testing/rig.js';

const SIZE = 16 * MIB;
const RECORD_BYTES = 65_536;
const content = seededContent({ seed: 'split', sizeBytes: SIZE });

/** Decoders as they are, told what to decode. */
function writerOf(): (bytes: Buffer, position: number, to: XetTarget) => Promise<void> {
  const pool = createDecodePool({ threads: 1 });
  onTestFinished(() => pool.close());
  return async (bytes, position, to) => {
    for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
      const part = bytes.subarray(at, at + RECORD_BYTES);
      const record = chunkRecord(part, 0);
      const memory = pool.lend();
      new Uint8Array(memory).set(record);
      const placements = Float64Array.of(0, 0, part.length, position + at);
      const batch = { bytes: memory, lengthBytes: record.length, count: 1, placements };
      await pool.decode(batch, 'fd' in to ? to : undefined);
    }
  };
}

it('a run that lost its end to another source writes nothing there any more', async () => {
  const rig = await makeRig();
  const sim = await rig.sim({ 'model.bin': content });
  const bytes = Buffer.from(wholeContent(content));
  const write = writerOf();
  const theirs = (): { readonly startByte: number; readonly endByte: number }[] =>
    rig.eventsOf('piece.landed').filter(({ source }) => source === 'plain');
  let overwritten = 0;
  const spans: Spans = {
    // All of the file is its own at first.
    worthwhileBytes: SIZE,
    look: () => Promise.resolve(0),
    judge: () => Promise.resolve({ state: 'incomplete' }),
    keep: () => Promise.resolve(),
    fetch: async ({ startByte, endByte }, to, progress, signal) => {
      await write(bytes.subarray(startByte, startByte + MIB), startByte, to);
      progress.advanced(startByte + MIB);
      // Its end is given to the other one meanwhile, and comes.
      while (!theirs().some((piece) => piece.startByte > startByte) && !signal.aborted) {
        await progress.received(1);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      // A decoder that was about to write there, and wrongly so; once, so that what it spoils can be mended.
      for (const piece of overwritten > 0
        ? []
        : theirs().filter((each) => each.startByte > startByte && each.endByte <= endByte)) {
        await write(Buffer.alloc(piece.endByte - piece.startByte, 0xee), piece.startByte, to);
        overwritten += 1;
      }
      for (let at = startByte + MIB; at < endByte && !signal.aborted; at += MIB) {
        await write(bytes.subarray(at, at + MIB), at, to);
        progress.advanced(at + MIB);
      }
    },
  };
  const task = taskOf('model.bin', content, [sim], ['plain']);
  const [plain] = task.sources;
  if (plain === undefined) throw new Error('no source');
  const chunked = { ...plain, id: 'chunked', url: sim.url, spans };
  const result = await rig.pull({ ...task, sources: [chunked, plain] }, { connections: 2, noProgressMs: 60_000 });
  expect(result.error).toBeUndefined();
  expect(overwritten).toBeGreaterThan(0);
  expect(rig.eventsOf('piece.wrong')).toEqual([]);
  // Each piece by one source: none came twice.
  expect(result.pieces.map(({ source }) => source)).not.toContain('chunked+plain');
  expect(new Set(result.pieces.map(({ source }) => source))).toEqual(new Set(['chunked', 'plain']));
  expect(await rig.assertBlobsRight()).toHaveLength(1);
});
