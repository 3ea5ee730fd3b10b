import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foreignFinder, type ForeignPlaces, type ForeignSearch } from '../index.js';
import { gitIdOf, sha256Of, temporaryFolder } from '../testing/fixtures.js';
import { parseAria2Control } from './aria2-control.js';
import { joinRanges } from './claims.js';
import { parseOllamaPart } from './ollama-part.js';

const bytes = Buffer.alloc(1000, 'content ');
const sha256 = sha256Of(bytes);
const gitSha1 = gitIdOf(bytes);
const repository = { id: 'org/tiny-1.5', kind: 'model', revision: 'master' } as const;
const wanted: ForeignSearch = { digests: { sha256 }, sizeBytes: 1000, path: 'sub/w.bin', repository };

async function find(files: Readonly<Record<string, Uint8Array | string>>, place: keyof ForeignPlaces, search = wanted) {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const places = place === 'flatFolders' ? { flatFolders: [folder] } : { [place]: folder };
  const found = await foreignFinder(places)(search);
  return found.map(({ path, ...rest }) => ({ path: path.slice(folder.length + 1), ...rest }));
}

const claim = (path: string, tool: string, startByte: number, endByte: number, atByte = 0) => ({
  path,
  tool,
  ranges: [{ startByte, endByte }],
  atByte,
});

/** A version 1 control file of aria2. */
function control(total: number, piece: number, whole: readonly number[], infoHash = 0): Buffer {
  const pieces = Math.ceil(total / piece);
  const bitfield = Buffer.alloc(Math.ceil(pieces / 8));
  for (const index of whole) bitfield[index >> 3]! |= 0x80 >> (index & 7);
  const head = Buffer.alloc(10);
  head.writeUInt16BE(1, 0);
  head.writeUInt32BE(infoHash, 6);
  const rest = Buffer.alloc(24);
  rest.writeUInt32BE(piece, 0);
  rest.writeBigUInt64BE(BigInt(total), 4);
  rest.writeUInt32BE(bitfield.length, 20);
  return Buffer.concat([head, Buffer.alloc(infoHash), rest, bitfield, Buffer.alloc(4)]);
}

describe('what Hugging Face clients began', () => {
  test('is found in any repository, old and new names, and whole files too', async () => {
    const begun = bytes.subarray(0, 300);
    const found = await find(
      {
        [`models--a--b/blobs/${sha256}.incomplete`]: begun,
        [`models--c--d/blobs/${sha256}.0a1b2c3d.incomplete`]: bytes.subarray(0, 400),
        [`datasets--e--f/blobs/${sha256}`]: bytes,
        [`models--g--h/blobs/${sha256}`]: 'of another size',
        [`models--g--h/blobs/${'0'.repeat(64)}.incomplete`]: begun,
        [`models--i--j/blobs/${sha256}.incomplete`]: Buffer.alloc(1001),
        [`models--k--l/blobs/${sha256}.incomplete`]: '',
      },
      'hfCache',
    );
    expect(found).toEqual([
      claim(`datasets--e--f/blobs/${sha256}`, 'huggingface_hub', 0, 1000),
      claim(`models--c--d/blobs/${sha256}.0a1b2c3d.incomplete`, 'huggingface_hub', 0, 400),
      claim(`models--a--b/blobs/${sha256}.incomplete`, 'huggingface_hub', 0, 300),
    ]);
  });

  test('is found by git id', async () => {
    const path = `models--a--b/blobs/${gitSha1}.incomplete`;
    const search = { ...wanted, digests: { gitSha1 } };
    expect(await find({ [path]: 'ab' }, 'hfCache', search)).toEqual([claim(path, 'huggingface_hub', 0, 2)]);
  });

  test('is found beside a plain folder', async () => {
    const path = `.cache/huggingface/download/sub/dGVzdA==.${sha256}.0a1b2c3d.incomplete`;
    expect(await find({ [path]: 'abc' }, 'flatFolders')).toEqual([claim(path, 'huggingface_hub', 0, 3)]);
  });

  test('is not believed when it has holes', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, `models--a--b/blobs/${sha256}.incomplete`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, 'start');
    await truncate(path, 10_000_000);
    expect(await foreignFinder({ hfCache: folder })({ ...wanted, sizeBytes: 20_000_000 })).toEqual([]);
  });
});

describe('what ModelScope clients began', () => {
  const files = {
    'models/org--tiny-1.5/snapshots/master/sub/w.bin.incomplete': 'abcde',
    'hub/models/._____temp/org/tiny-1.5/sub/w.bin': 'abc',
    'models/._____temp/org/tiny-1___5/sub/w.bin_100_299': Buffer.alloc(50),
    'models/._____temp/org/tiny-1___5/sub/w.bin_300_399': Buffer.alloc(101),
    'models/._____temp/org/tiny-1___5/sub/w.bin_x_1': 'no part',
  };

  test('is found in both layouts', async () => {
    expect(await find(files, 'msCache')).toEqual([
      claim('models/org--tiny-1.5/snapshots/master/sub/w.bin.incomplete', 'modelscope', 0, 5),
      claim('hub/models/._____temp/org/tiny-1.5/sub/w.bin', 'modelscope', 0, 3),
    ]);
  });

  test('includes part files when asked for, with the byte they begin at', async () => {
    const [first] = await find(files, 'msCache', { ...wanted, partFiles: true });
    const path = 'models/._____temp/org/tiny-1___5/sub/w.bin_100_299';
    expect(first).toEqual(claim(path, 'modelscope', 100, 150, 100));
  });
});

describe('what Ollama began', () => {
  test('is what its parts say', async () => {
    const partial = `blobs/sha256-${sha256}-partial`;
    const found = await find(
      {
        [partial]: Buffer.alloc(1000),
        [`${partial}-0`]: '{"N":0,"Offset":0,"Size":400,"Completed":400}',
        [`${partial}-1`]: '{"N":1,"Offset":400,"Size":400,"Completed":100}',
        [`${partial}-2`]: '{"N":2,"Offset":800,"Size":200,"Completed":0}',
        [`${partial}-3`]: 'broken',
      },
      'ollamaModels',
    );
    expect(found).toEqual([claim(partial, 'ollama', 0, 500)]);
  });

  test('may be whole', async () => {
    const path = `blobs/sha256-${sha256}`;
    expect(await find({ [path]: bytes }, 'ollamaModels')).toEqual([claim(path, 'ollama', 0, 1000)]);
  });
});

describe('what lies in a plain folder', () => {
  test('is what the control file of aria2 says, as far as the file goes', async () => {
    const files = { 'sub/w.bin': Buffer.alloc(850), 'sub/w.bin.aria2': control(1000, 100, [0, 1, 4, 8, 9]) };
    const [found] = await find(files, 'flatFolders');
    expect(found).toMatchObject({ path: 'sub/w.bin', tool: 'aria2' });
    expect(found!.ranges).toEqual([
      { startByte: 0, endByte: 200 },
      { startByte: 400, endByte: 500 },
      { startByte: 800, endByte: 850 },
    ]);
  });

  test('is nothing when aria2 was after a file of another size, or its control file is broken', async () => {
    const other = { 'sub/w.bin': bytes, 'sub/w.bin.aria2': control(900, 100, [0]) };
    expect(await find(other, 'flatFolders')).toEqual([]);
    expect(await find({ 'sub/w.bin': bytes, 'sub/w.bin.aria2': 'x' }, 'flatFolders')).toEqual([]);
  });

  test('is a whole file only if it hashes right', async () => {
    expect(await find({ 'sub/w.bin': bytes }, 'flatFolders')).toHaveLength(1);
    expect(await find({ 'sub/w.bin': bytes }, 'flatFolders', { ...wanted, digests: { gitSha1 } })).toHaveLength(1);
    expect(await find({ 'sub/w.bin': Buffer.alloc(1000) }, 'flatFolders')).toEqual([]);
    expect(await find({ 'sub/w.bin': bytes }, 'flatFolders', { ...wanted, digests: {} })).toEqual([]);
  });

  test('is not looked for at paths that leave the folder', async () => {
    expect(await find({ 'w.bin': bytes }, 'flatFolders', { ...wanted, path: 'sub/../w.bin' })).toEqual([]);
  });
});

describe('the parsers', () => {
  test('read every bitfield that aria2 can write', () => {
    const layout = fc.record({
      total: fc.integer({ min: 1, max: 5000 }),
      piece: fc.integer({ min: 1, max: 700 }),
      seed: fc.array(fc.nat(5000)),
      infoHash: fc.constantFrom(0, 20),
    });
    fc.assert(
      fc.property(layout, ({ total, piece, seed, infoHash }) => {
        const pieces = Math.ceil(total / piece);
        const whole = [...new Set(seed.map((number) => number % pieces))];
        const parsed = parseAria2Control(control(total, piece, whole, infoHash))!;
        expect(parsed.totalBytes).toBe(total);
        const has = (byte: number) => parsed.ranges.some((r) => r.startByte <= byte && byte < r.endByte);
        for (let index = 0; index < pieces; index += 1) expect(has(index * piece)).toBe(whole.includes(index));
        expect(parsed.ranges.every((range) => range.endByte <= total)).toBe(true);
      }),
    );
  });

  test('never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (noise) => {
        const parsed = parseAria2Control(Buffer.from([0, noise[0]! & 1, ...noise.slice(1)]));
        for (const range of parsed?.ranges ?? []) expect(range.endByte).toBeGreaterThan(range.startByte);
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseOllamaPart(text)).toBeUndefined();
      }),
    );
  });

  test('give ranges in order, apart, and within the file', () => {
    const range = fc
      .tuple(fc.nat(100), fc.nat(50))
      .map(([startByte, length]) => ({ startByte, endByte: startByte + length }));
    fc.assert(
      fc.property(fc.array(range), fc.nat(120), (ranges, end) => {
        const joined = joinRanges(ranges, end);
        joined.forEach((one, index) => {
          expect(one.startByte).toBeLessThan(one.endByte);
          expect(one.endByte).toBeLessThanOrEqual(end);
          if (index > 0) expect(one.startByte).toBeGreaterThan(joined[index - 1]!.endByte);
        });
        for (let byte = 0; byte < end; byte += 1) {
          const inside = (list: typeof joined) => list.some((r) => r.startByte <= byte && byte < r.endByte);
          expect(inside(joined)).toBe(inside(ranges));
        }
      }),
    );
  });
});
