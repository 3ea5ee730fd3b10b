import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isIntact } from './check-piece.js';
import { crc32, crcHex } from './crc.js';

const SIZE = 1_400_000;
const BYTES = Buffer.alloc(SIZE);
for (let index = 0; index < SIZE; index += 1) BYTES[index] = (index * 31 + (index >> 9)) % 251;

it('a piece is intact by either digest, and is not with a byte flipped, or beyond the end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-check-'));
  await writeFile(join(folder, 'file'), BYTES);
  const file = await open(join(folder, 'file'), 'r+');
  const span = fc.tuple(fc.nat(SIZE - 1), fc.nat(SIZE - 1), fc.nat());
  try {
    await fc.assert(
      fc.asyncProperty(span, fc.boolean(), async ([a, b, where], strong) => {
        const [startByte, endByte] = [Math.min(a, b), Math.max(a, b) + 1];
        const bytes = BYTES.subarray(startByte, endByte);
        const digest = strong ? createHash('sha256').update(bytes).digest('hex') : crcHex(crc32(bytes));
        const piece = { startByte, endByte, digest };
        expect(await isIntact(file.fd, piece)).toBe(true);
        const at = startByte + (where % (endByte - startByte));
        await file.write(Buffer.from([BYTES.readUInt8(at) ^ 4]), 0, 1, at);
        expect(await isIntact(file.fd, piece)).toBe(false);
        await file.write(BYTES, at, 1, at);
        expect(await isIntact(file.fd, { ...piece, endByte: SIZE + 1 })).toBe(false);
      }),
      { numRuns: 40 },
    );
  } finally {
    await file.close();
    await rm(folder, { recursive: true, force: true });
  }
});
