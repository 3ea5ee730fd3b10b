import fc from 'fast-check';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { crc32, crcHex } from '../../proof/index.js';
import { pumpChecked } from './pump-checked.js';

const PIECE = 700_000;
const BYTES = Buffer.alloc(4 * PIECE - 99);
for (let index = 0; index < BYTES.length; index += 1) BYTES[index] = (index * 31 + (index >> 9)) % 251;
const PIECES = [0, 1, 2, 3].map((index) => {
  const bytes = BYTES.subarray(index * PIECE, (index + 1) * PIECE);
  return { startByte: index * PIECE, endByte: index * PIECE + bytes.length, digest: crcHex(crc32(bytes)) };
});

it('sends any span whatever is due of it, and of a wrong piece that is due not a byte', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-checked-'));
  await writeFile(join(folder, 'file'), BYTES);
  const file = await open(join(folder, 'file'), 'r');
  const span = fc.tuple(fc.nat(BYTES.length - 1), fc.nat(BYTES.length - 1));
  try {
    await fc.assert(
      fc.asyncProperty(span, fc.nat(15), fc.option(fc.nat(3)), async ([a, b], mask, wrong) => {
        const [startByte, endByte] = [Math.min(a, b), Math.max(a, b) + 1];
        const due = PIECES.filter((piece, index) => {
          return (mask & (1 << index)) !== 0 && piece.endByte > startByte && piece.startByte < endByte;
        }).map((piece) => (piece === PIECES[wrong ?? -1] ? { ...piece, digest: '00000000' } : piece));
        const bad = due.find(({ digest }) => digest === '00000000');
        const got: Buffer[] = [];
        const judged: boolean[] = [];
        const sink = {
          write: (bytes: Buffer, done: () => void) => {
            got.push(Buffer.from(bytes));
            setImmediate(done);
          },
        };
        const judge = (_: unknown, isRight: boolean): void => void judged.push(isRight);
        const sending = pumpChecked(file.fd, { startByte, endByte }, due, judge, sink);
        if (bad === undefined) expect(await sending).toBe(endByte - startByte);
        else await expect(sending).rejects.toMatchObject({ code: 'CORRUPT_STORE' });
        const until = bad === undefined ? endByte : Math.max(startByte, bad.startByte);
        expect(Buffer.concat(got).equals(BYTES.subarray(startByte, until))).toBe(true);
        expect(judged).toEqual(bad === undefined ? due.map(() => true) : [...due.slice(0, due.indexOf(bad)).map(() => true), false]); // prettier-ignore
      }),
      { numRuns: 40 },
    );
  } finally {
    await file.close();
    await rm(folder, { recursive: true, force: true });
  }
});
