import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { hashPieces } from './hash-pieces.js';

const MIB = 2 ** 20;
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

it.each([2 * MIB, 4 * MIB, 5 * MIB + 7, 1])('tells the SHA-256 of %i bytes and of their pieces', async (sizeBytes) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-pieces-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 1000) bytes.writeUInt8(at % 251, at);
  writeFileSync(join(folder, 'a'), bytes);
  const count = Math.ceil(sizeBytes / (2 * MIB));
  const pieces = Array.from({ length: count }, (_, at) => sha256(bytes.subarray(at * 2 * MIB, (at + 1) * 2 * MIB)));
  expect(await hashPieces(join(folder, 'a'), 2 * MIB)).toEqual({
    ...{ sha256: sha256(bytes), sizeBytes },
    pieces: { pieceBytes: 2 * MIB, sha256: pieces },
  });
});
