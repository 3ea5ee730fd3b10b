import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

import type * as Xet from '../../src/hubs/xet/index.js';
import { bf16Weights } from '../../src/hubs/xet/testing/data.js';
import { chunkRecord } from '../../src/hubs/xet/testing/encode.js';
import { slowXet } from '../../src/hubs/xet/testing/slow-xet.js';

const DIST = pathToFileURL(join(import.meta.dirname, '..', '..', 'dist', 'hubs', 'xet', 'index.js')).href;

/** As it is built: there are real threads. */
async function builtPool(threads: number): Promise<Xet.DecodePool> {
  const { createDecodePool } = (await import(DIST)) as typeof Xet;
  const pool = createDecodePool({ threads });
  onTestFinished(() => pool.close());
  return pool;
}

const raws = Array.from({ length: 12 }, (_, index) => bf16Weights(20_000 + index * 4_001, index));
const records = raws.map((raw, index) => chunkRecord(raw, index % 3));

it('threads decode, hash and write many batches at once, and give them back', async () => {
  const pool = await builtPool(3);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-xet-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const fd = openSync(join(folder, 'data'), 'w');
  const turn = new SharedArrayBuffer(4);
  let position = 0;
  const decoded = await Promise.all(
    records.map((record, index) => {
      const bytes = pool.lend();
      new Uint8Array(bytes).set(record);
      const placements = Float64Array.of(0, 1, raws[index]!.length - 1, position);
      position += raws[index]!.length - 1;
      return pool.decode(
        { bytes, lengthBytes: record.length, count: 1, placements },
        index === 5 ? undefined : { fd, turn },
      );
    }),
  );
  closeSync(fd);
  decoded.forEach((outcome, index) => {
    if (!('hashes' in outcome)) throw new Error(outcome.fault.reason);
    expect(Buffer.from(outcome.hashes).equals(slowXet.chunkHash(raws[index]!))).toBe(true);
  });
  const kept = decoded[5]!;
  const parts = 'hashes' in kept ? kept.parts : undefined;
  expect(Buffer.from(parts!.bytes).equals(raws[5]!.subarray(1))).toBe(true);
  const wanted = raws.map((raw, index) => (index === 5 ? Buffer.alloc(raw.length - 1) : raw.subarray(1)));
  const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  expect(sha256(readFileSync(join(folder, 'data')))).toBe(sha256(Buffer.concat(wanted)));
});

it('threads give the id of a file', async () => {
  const pool = await builtPool(1);
  const hashes = raws.map((raw) => slowXet.chunkHash(raw));
  const lengths = Uint32Array.from(raws.map((raw) => raw.length));
  const { fileId, root } = await pool.fileId(Buffer.concat(hashes), lengths);
  const nodes = raws.map((raw, index) => [hashes[index]!, raw.length] as const);
  expect(Buffer.from(root).equals(slowXet.root(nodes))).toBe(true);
  expect(Buffer.from(fileId).equals(slowXet.fileId(nodes))).toBe(true);
});

it('threads tell what is broken, what cannot be written, and that they were closed', async () => {
  const pool = await builtPool(1);
  const batch = (record: Buffer): Parameters<Xet.DecodePool['decode']>[0] => {
    const bytes = pool.lend();
    new Uint8Array(bytes).set(record);
    return { bytes, lengthBytes: record.length, count: 1, placements: Float64Array.of(0, 0, 10, 0) };
  };
  const broken = Buffer.from(records[1]!);
  broken[12] = 0xff;
  expect(await pool.decode(batch(broken), undefined)).toMatchObject({ fault: { record: 0 } });
  const fd = openSync('/dev/null', 'r');
  await expect(pool.decode(batch(records[1]!), { fd })).rejects.toMatchObject({ code: 'FILE_SYSTEM' });
  closeSync(fd);
  const late = pool.decode(batch(records[1]!), undefined);
  await pool.close();
  // It may just have been done; it ends in any case.
  const [outcome] = await Promise.allSettled([late]);
  if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'INTERRUPTED' });
  await expect(pool.decode(batch(records[1]!), undefined)).rejects.toMatchObject({ code: 'INTERRUPTED' });
});
