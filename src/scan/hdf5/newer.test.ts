import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  attribute,
  CHECKSUM,
  denseMessage,
  externalLink,
  hardLink,
  Hdf5Image,
  NOWHERE,
  u,
  type Object2,
} from '../testing/build-hdf5.js';
import { H5PY_FILES } from '../testing/h5py-files.js';
import { rulesOf, scanOf } from '../testing/scan-text.js';

const LAMBDA = '{"class_name":"Sequential","config":{"layers":[{"class_name":"Lambda","config":{}}]}}';
const DENSE = '{"class_name":"Sequential","config":{"layers":[{"class_name":"Dense","config":{}}]}}';
const REAL = gunzipSync(Buffer.from(H5PY_FILES.latest, 'base64'));
const scan = (bytes: Buffer) => scanOf('model.h5', bytes);
const filled = (length: number): Buffer => Buffer.alloc(length, 7);
const LEAST = { linkInfo: 2, attributeInfo: 21 } as const;

/** A group whose attribute lies in a heap: by name, by order only, or as a huge object. */
function denseAttribute(text: string, way: 'name' | 'order' | 'huge'): Buffer {
  const image = new Hdf5Image();
  const value = attribute('model_config', text);
  const place = way === 'huge' ? image.put(value) : 0;
  const huge = way === 'huge' ? image.tree(1, [Buffer.concat([u(place, 8), u(value.length, 8), u(1, 8)])]) : undefined;
  const { heap, ids } = image.heap(way === 'huge' ? [] : [value], 8, huge);
  const id = way === 'huge' ? Buffer.concat([u(0x10, 1), u(1, 7)]) : (ids[0] ?? Buffer.alloc(8));
  const byName = image.tree(8, way === 'order' ? [] : [Buffer.concat([id, u(0, 1), u(0, 4), u(0, 4)])]);
  const byOrder = way === 'order' ? image.tree(9, [Buffer.concat([id, u(0, 1), u(0, 4)])]) : undefined;
  return image.file(image.object(denseMessage(LEAST.attributeInfo, heap, byName, byOrder)));
}

function denseLinks(links: (image: Hdf5Image) => readonly Buffer[]): Buffer {
  const image = new Hdf5Image();
  const { heap, ids } = image.heap(links(image), 7);
  const byName = image.tree(5, ids.map((id) => Buffer.concat([u(0, 4), id]))); // prettier-ignore
  return image.file(image.object(denseMessage(LEAST.linkInfo, heap, byName)));
}

type Index = (image: Hdf5Image) => { readonly kind: number; readonly more: Buffer; readonly flags?: number };

/** Chunks of 4 numbers of 4 bytes. */
const CHUNK = 16;
function chunked(index: Index, elements = 12): Buffer {
  return denseLinks((image) => {
    const { kind, more, flags = 0 } = index(image);
    const layout = Buffer.concat([u(4, 1), u(2, 1), u(flags, 1), u(2, 1), u(1, 1), u(4, 1), u(4, 1), u(kind, 1), more]);
    const space = Buffer.concat([u(2, 1), u(1, 1), u(0, 1), u(1, 1), u(elements, 8)]);
    const messages: Object2[] = [{ type: 8, bytes: layout }, { type: 1, bytes: space }]; // prettier-ignore
    return [hardLink('w', image.object(...messages))];
  });
}

const chunksOf = (image: Hdf5Image, count: number): Buffer[] =>
  Array.from({ length: count }, () => u(image.put(filled(CHUNK)), 8));
const packed = (image: Hdf5Image, length: number): Buffer =>
  Buffer.concat([u(image.put(filled(length)), 8), u(length, 2), u(0, 4)]);

const INDEXES: Readonly<Record<string, Index>> = {
  'of one chunk': (image) => ({ kind: 1, more: u(image.put(filled(CHUNK)), 8) }),
  'of one packed chunk': (image) => ({
    kind: 1,
    flags: 2,
    more: Buffer.concat([u(9, 8), u(0, 4), u(image.put(filled(9)), 8)]),
  }),
  'of nothing but the order': (image) => ({ kind: 2, more: u(image.put(filled(3 * CHUNK)), 8) }),
  'of a fixed array': (image) => {
    const block = image.put('FADB', u(0, 1), u(0, 1), u(0, 8), ...chunksOf(image, 3), CHECKSUM);
    return { kind: 3, more: Buffer.concat([u(10, 1), u(fixedHead(image, 8, 10, 3, block), 8)]) };
  },
  'of a fixed array in pages': (image) => {
    const [a, b, c] = chunksOf(image, 3);
    // The second page was never written: what stands in it is no address.
    const page = (...parts: (Buffer | undefined)[]) =>
      Buffer.concat([...parts.map((part) => part ?? NOWHERE), CHECKSUM]);
    const prefix = [u(0, 1), u(0, 1), u(0, 8), Buffer.from([0b1010_0000]), CHECKSUM];
    const block = image.put('FADB', ...prefix, page(a, b), page(u(2 ** 40, 8), u(5, 8)), page(c));
    return { kind: 3, more: Buffer.concat([u(1, 1), u(fixedHead(image, 8, 1, 5, block), 8)]) };
  },
  'of an array that grows': (image) => {
    const own = chunksOf(image, 2);
    const inBlock = chunksOf(image, 2);
    const inSuper = chunksOf(image, 2);
    const block = image.put('EADB', u(0, 1), u(0, 1), u(0, 8), u(0, 1), ...inBlock, CHECKSUM);
    const further = image.put('EADB', u(0, 1), u(0, 1), u(0, 8), u(0, 1), ...inSuper, NOWHERE, NOWHERE, CHECKSUM);
    const above = image.put('EASB', u(0, 1), u(0, 1), u(0, 8), u(0, 1), u(further, 8), NOWHERE, CHECKSUM);
    // 8 bits, 2 in the index, blocks of 2 and more, 2 pointers at least: rows of 1, 1, 2, 2 ... blocks, the first two in the index.
    const rows = [u(block, 8), NOWHERE, u(above, 8), ...Array<Buffer>(5).fill(NOWHERE)];
    const index = image.put('EAIB', u(0, 1), u(0, 1), u(0, 8), ...own, ...rows, CHECKSUM);
    const shape = [0, 8, 8, 2, 2, 2, 10].map((value) => u(value, 1));
    const head = image.put('EAHD', u(0, 1), ...shape, Buffer.alloc(48), u(index, 8), CHECKSUM);
    return { kind: 4, more: Buffer.concat([u(0, 5), u(head, 8)]) };
  },
  'of a tree': (image) => {
    const records = chunksOf(image, 3).map((at, index) => Buffer.concat([at, u(index, 8)]));
    return { kind: 5, more: Buffer.concat([u(0, 6), u(image.tree(10, records), 8)]) };
  },
  'of a tree of packed chunks': (image) => {
    const records = [5, 11].map((length, index) => Buffer.concat([packed(image, length), u(index, 8)]));
    return { kind: 5, more: Buffer.concat([u(0, 6), u(image.tree(11, records), 8)]) };
  },
};

function fixedHead(image: Hdf5Image, entryBytes: number, pageBits: number, count: number, block: number): number {
  return image.put('FAHD', u(0, 1), u(0, 1), u(entryBytes, 1), u(pageBits, 1), u(count, 8), u(block, 8), CHECKSUM);
}

describe('HDF5 of newer versions', () => {
  it('as h5py writes it with libver=latest is CLEAN, every byte of it known', async () => {
    const found = await scan(REAL);
    expect(found).toMatchObject({ verdict: 'CLEAN', findings: [], coverage: { unattributed: [] } });
    expect(found.inventory.hooks).toEqual(['keras.class=|Dense', 'keras.class=|Sequential']);
    const evil = Buffer.from(REAL.toString('latin1').replace('"Dense", ', '"Lambda",'), 'latin1');
    expect(rulesOf(await scan(evil))).toEqual(['KERAS-CLASS critical']);
    expect((await scan(Buffer.concat([REAL, Buffer.from('\x80\x04hidden')]))).verdict).toBe('NOT_SCANNED');
    for (const kept of [0.02, 0.2, 0.5, 0.9])
      expect((await scan(REAL.subarray(0, Math.floor(REAL.length * kept)))).verdict).not.toBe('CLEAN');
  });

  it.each(['name', 'order', 'huge'] as const)('is judged by attributes in heaps: by %s', async (way) => {
    const ordinary = await scan(denseAttribute(DENSE, way));
    expect(ordinary).toMatchObject({ verdict: 'CLEAN', findings: [], coverage: { unattributed: [] } });
    expect(ordinary.inventory.hooks).toContain('keras.class=|Dense');
    expect(rulesOf(await scan(denseAttribute(LAMBDA, way)))).toEqual(['KERAS-CLASS critical']);
  });

  it('that leads out of itself by a link in a heap is refused', async () => {
    const found = await scan(denseLinks(() => [externalLink('w', '/etc/passwd')]));
    expect([found.verdict, ...rulesOf(found)]).toEqual(['FINDINGS', 'HDF5-OUTSIDE high']);
  });

  it.each(Object.entries(INDEXES))('has its chunks found by an index %s', async (_name, index) => {
    const bytes = chunked(index);
    const found = await scan(bytes);
    expect(found).toMatchObject({ verdict: 'CLEAN', findings: [], coverage: { unattributed: [] } });
    // Chunks are what is not zero: without them nobody would own those bytes.
    const elsewhere = chunked((image) => ({ ...index(image), kind: 1, more: NOWHERE }));
    expect((await scan(elsewhere)).verdict).toBe('NOT_SCANNED');
  });

  it('that leads in circles, beyond itself, or to the same block twice ends', async () => {
    const circles = new Hdf5Image();
    const at = circles.length;
    const more = circles.put('OCHK', u(16, 1), u(16, 2), u(0, 1), u(at, 8), u(28, 8), CHECKSUM);
    const root = circles.object({ type: 16, bytes: Buffer.concat([u(more, 8), u(28, 8)]) });
    expect((await scan(circles.file(root))).findings[0]?.evidence).toContain('circles');

    const shared = new Hdf5Image();
    const leaf = shared.put(Buffer.concat([Buffer.from('BTLF'), u(0, 2)], 200));
    const twice = Buffer.concat(
      [Buffer.from('BTIN'), u(0, 1), u(5, 1), u(0, 11), u(leaf, 8), u(0, 1), u(leaf, 8)],
      200,
    );
    const top = { type: 5, nodeBytes: 200, size: 11, depth: 1, root: shared.put(twice), count: 1 };
    const { heap } = shared.heap([], 7);
    const file = shared.file(shared.object(denseMessage(LEAST.linkInfo, heap, shared.treeHeader(top))));
    expect((await scan(file)).verdict).toBe('NOT_SCANNED');

    const beyond = chunked(() => ({ kind: 1, more: u(2 ** 40, 8) }));
    expect((await scan(beyond)).findings[0]?.evidence).toContain('beyond the file');
    const endless = chunked(() => ({ kind: 2, more: u(48, 8) }), 2 ** 50);
    expect((await scan(endless)).findings[0]?.evidence).toContain('beyond the file');
  });

  it('takes changed bytes without a crash, and owns every byte of what it calls CLEAN', async () => {
    const seeds = [REAL, denseAttribute(LAMBDA, 'huge'), ...Object.values(INDEXES).map((index) => chunked(index))];
    const change = fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0xff)));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(change, { minLength: 1, maxLength: 5 }),
        async (seed, changes) => {
          const changed = Buffer.from(seed);
          for (const [at, byte] of changes) changed[at % Math.min(changed.length, 2200)] = byte;
          const { findings, verdict, coverage } = await scan(changed);
          expect(findings.filter(({ rule }) => rule === 'FORMAT-FAULT')).toEqual([]);
          if (verdict === 'CLEAN') expect(coverage.unattributed).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
  });
});
