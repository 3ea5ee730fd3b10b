import { createHash, randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFollowers, type Followers } from './index.js';
import { compileRooms } from './testing/compile-rooms.js';

const MIB = 1024 * 1024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
let folder: string;
let compiledDoor: { createFollowers: typeof createFollowers };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-followers-'));
  // The threads only run as JavaScript.
  compileRooms(folder, ['base', 'proof']);
  compiledDoor = (await import(pathToFileURL(join(folder, 'proof', 'index.js')).href)) as typeof compiledDoor;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each([
  ['in this thread', (): Followers => createFollowers()],
  ['in worker threads', (): Followers => compiledDoor.createFollowers({ threads: 2 })],
])('followers %s', (_name, create) => {
  it('prove several files that arrive in steps, side by side', async () => {
    const followers = create();
    const files = [3 * MIB + 5, 1, 2 * MIB].map((sizeBytes, index) => {
      const path = join(folder, `steps-${index}`);
      const bytes = randomBytes(sizeBytes);
      writeFileSync(path, bytes);
      return { bytes, follower: followers.follow({ path, sizeBytes, digests: { sha256: sha256(bytes) } }) };
    });
    for (const share of [0, 0.3, 0.31, 1]) {
      for (const { bytes, follower } of files) follower.advance(Math.floor(bytes.length * share));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const { bytes, follower } of files) {
      expect(await follower.verdict()).toMatchObject({ sha256: sha256(bytes), checks: ['sha256'] });
    }
    await followers.close();
  });

  it('prove an empty file without opening it', async () => {
    const followers = create();
    const follower = followers.follow({ path: join(folder, 'absent'), sizeBytes: 0, digests: {} });
    expect((await follower.verdict()).sha256).toBe(sha256(new Uint8Array()));
    await followers.close();
  });

  it('never read past what they were told', async () => {
    const followers = create();
    const path = join(folder, 'frontier');
    writeFileSync(path, Buffer.alloc(2 * MIB));
    const follower = followers.follow({ path, sizeBytes: 2 * MIB, digests: {} });
    follower.advance(MIB);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const late = randomBytes(MIB);
    // In place, as pieces land: the first half must never be missing while it may be read.
    const file = openSync(path, 'r+');
    writeSync(file, late, 0, MIB, MIB);
    closeSync(file);
    follower.advance(2 * MIB);
    expect((await follower.verdict()).sha256).toBe(sha256(Buffer.concat([Buffer.alloc(MIB), late])));
    await followers.close();
  });

  it('end their verdicts with INTERRUPTED when cancelled or closed', async () => {
    const followers = create();
    const path = join(folder, 'frontier');
    const cancelled = followers.follow({ path, sizeBytes: 10, digests: {} });
    cancelled.cancel();
    await expect(cancelled.verdict()).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const closed = followers.follow({ path, sizeBytes: 10, digests: {} });
    const verdict = closed.verdict();
    await Promise.all([expect(verdict).rejects.toMatchObject({ code: 'INTERRUPTED' }), followers.close()]);
  });

  it('report a missing file as a file-system error', async () => {
    const followers = create();
    const follower = followers.follow({ path: join(folder, 'nowhere'), sizeBytes: 5, digests: {} });
    follower.advance(5);
    await expect(follower.verdict()).rejects.toMatchObject({ code: 'FILE_SYSTEM' });
    await followers.close();
  });

  it('hash many ranges and a file side by side, none with the bytes of another', async () => {
    const followers = create();
    const path = join(folder, 'beside');
    const bytes = randomBytes(3 * MIB);
    writeFileSync(path, bytes);
    const follower = followers.follow({ path, sizeBytes: bytes.length, digests: {} });
    follower.advance(bytes.length);
    const starts = Array.from({ length: 12 }, (_, index) => index * 1000);
    const hashes = starts.map((startByte) => followers.hashRanges(path, [{ startByte, endByte: startByte + 2 * MIB }]));
    expect((await Promise.all(hashes)).flat()).toEqual(
      starts.map((startByte) => sha256(bytes.subarray(startByte, startByte + 2 * MIB))),
    );
    expect((await follower.verdict()).sha256).toBe(sha256(bytes));
    await followers.close();
  });

  it('hash ranges, and say which the file does not reach', async () => {
    const followers = create();
    const path = join(folder, 'ranges');
    const bytes = randomBytes(MIB + 10);
    writeFileSync(path, bytes);
    const hashes = await followers.hashRanges(path, [
      { startByte: 0, endByte: MIB },
      { startByte: MIB, endByte: MIB + 10 },
      { startByte: MIB, endByte: MIB + 11 },
    ]);
    expect(hashes).toEqual([sha256(bytes.subarray(0, MIB)), sha256(bytes.subarray(MIB)), undefined]);
    expect(await followers.hashRanges(join(folder, 'none'), [{ startByte: 0, endByte: 1 }])).toEqual([undefined]);
    await followers.close();
  });
});
