import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { toContent } from '../sim/index.js';
import { MIB, makeRig, seededContent, sha256Of, taskOf, wholeContent } from './testing/rig.js';

const big = seededContent({ seed: 'forged', sizeBytes: 12 * MIB + 5 });
const pieceAt = (bytes: Buffer, index: number): Buffer => bytes.subarray(index * MIB, (index + 1) * MIB);

/** Changes 33 bits from `atByte` on so that no CRC-32 over them changes: the polynomial itself, as CRC-32 takes bits (lowest first). */
function forge(bytes: Buffer, atByte: number): Buffer {
  const forged = Buffer.from(bytes);
  const bits = (0x1_04c1_1db7).toString(2);
  for (let at = 0; at < bits.length; at += 1) {
    const byte = atByte + (at >> 3);
    if (bits[at] === '1') forged.writeUInt8(forged.readUInt8(byte) ^ (1 << (at & 7)), byte);
  }
  return forged;
}

it('a liar whose piece has the CRC-32 of the right one is found out all the same', async () => {
  const rig = await makeRig();
  const right = wholeContent(big);
  const pieces = Array.from({ length: 12 }, (_, index) => index);
  const wrong = pieces.reduce((bytes, index) => forge(bytes, index * MIB + 1000), right);
  for (const index of pieces) expect(crc32(pieceAt(wrong, index))).toBe(crc32(pieceAt(right, index)));
  expect(pieceAt(wrong, 5).equals(pieceAt(right, 5))).toBe(false);
  const liar = await rig.sim({ 'big.bin': toContent(wrong) });
  const honest = await rig.sim({ 'big.bin': big }, { network: { totalBytesPerSecond: 2e6 } });
  const result = await rig.pull(taskOf('big.bin', big, [liar, honest], ['liar', 'honest']), { noProgressMs: 20_000 });
  expect(result.sha256).toBe(sha256Of(big));
  expect(await rig.assertBlobsRight()).toEqual([sha256Of(big)]);
  expect(new Set(rig.eventsOf('piece.wrong').map(({ source }) => source))).toEqual(new Set(['liar']));
});

it('what stands in a partial by its CRC-32 is looked at again by whoever is given digests of pieces', async () => {
  const rig = await makeRig();
  const sim = await rig.sim({ 'big.bin': big }, { network: { totalBytesPerSecond: 20e6 } });
  const task = taskOf('big.bin', big, [sim]);
  const stop = new AbortController();
  const interrupted = expect(rig.pull(task, { signal: stop.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  while (rig.eventsOf('piece.landed').length < 4) await new Promise((resolve) => setTimeout(resolve, 2));
  const landed = rig.eventsOf('piece.landed')[0]?.index ?? 0;
  stop.abort();
  await interrupted;
  sim.setNetwork('clean');
  const partials = join(rig.store.root, 'partials');
  const folder = join(partials, readdirSync(partials)[0] ?? '');
  expect(readFileSync(join(folder, 'journal'), 'utf8')).toContain('"crc32":');
  writeFileSync(join(folder, 'data'), forge(readFileSync(join(folder, 'data')), landed * MIB + 77));
  const bytes = wholeContent(big);
  const sha256 = Array.from({ length: 13 }, (_, index) => sha256Of(toContent(pieceAt(bytes, index))));
  const result = await rig.pull({ ...task, pieces: { pieceBytes: MIB, sha256 } });
  expect(result.checks).toEqual(['pieces']);
  expect(await rig.assertBlobsRight()).toEqual([sha256Of(big)]);
  // What was right was kept.
  expect(result.fetchedBytes).toBeLessThan(big.sizeBytes);
});
