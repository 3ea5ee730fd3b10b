import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SluiceError } from '../../base/index.js';
import { canonicalJson, type Json } from '../canonical-json.js';
import { formatHeader, parseHeader, PREAMBLE_BYTES, type SealCipher, type SealHeader } from './header.js';
import { chunkCount, payloadBytes, sealedSpan } from './chunks.js';
import type { SealKey, SealTarget } from './keys.js';
import { openSealed } from './open-sealed.js';
import { rewrapFile } from './rewrap.js';
import { sealFile } from './seal-file.js';
import { inMemory } from './testing/in-memory.js';
import { unsealFile } from './unseal-file.js';

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-seal-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const CHUNK = 4096;
const pair = (): { target: SealTarget; key: SealKey; publicKey: KeyObject } => {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  return { target: { kind: 'x25519', publicKey }, key: { kind: 'x25519', privateKey }, publicKey };
};
const ann = pair();
const bob = pair();
const stranger = pair();

async function sealedOf(
  plain: Buffer,
  targets: readonly SealTarget[] = [ann.target, bob.target],
  cipher: SealCipher = 'AES-256-GCM',
): Promise<{ path: string; bytes: Buffer }> {
  count += 1;
  const path = join(folder, `plain-${count}`);
  await writeFile(path, plain);
  await sealFile(path, `${path}.sealed`, { targets, cipher, chunkBytes: CHUNK });
  return { path: `${path}.sealed`, bytes: await readFile(`${path}.sealed`) };
}

async function plainOf(bytes: Buffer, key: SealKey = ann.key): Promise<Buffer> {
  const opened = await openSealed(inMemory(bytes), { keys: [key], name: 'it' });
  const parts: Buffer[] = [];
  for await (const chunk of opened.chunks()) parts.push(chunk);
  return Buffer.concat(parts);
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'opened',
    (error: unknown) => (error as SluiceError).code,
  );

/** The file with another header, as somebody without the file key can make one. */
function withHeader(bytes: Buffer, change: (header: SealHeader) => object): Buffer {
  const header = parseHeader(bytes, 'it');
  const payloadAt = bytes.readUInt32BE(12);
  const json = Buffer.from(canonicalJson(change(header) as Json));
  const head = Buffer.alloc(payloadAt);
  bytes.copy(head, 0, 0, PREAMBLE_BYTES);
  head.writeUInt32BE(json.length, 8);
  json.copy(head, PREAMBLE_BYTES);
  return Buffer.concat([head, bytes.subarray(payloadAt)]);
}

function chunksOf(bytes: Buffer): { head: Buffer; chunks: Buffer[] } {
  const header = parseHeader(bytes, 'it');
  const payload = bytes.subarray(bytes.readUInt32BE(12));
  const chunks = Array.from({ length: chunkCount(header) }, (_, index) => {
    const { startByte, endByte } = sealedSpan(header, index);
    return payload.subarray(startByte, endByte);
  });
  return { head: bytes.subarray(0, bytes.readUInt32BE(12)), chunks };
}

describe('a sealed file', () => {
  it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])('of %i bytes comes back', async (size) => {
    const plain = randomBytes(size);
    for (const cipher of ['AES-256-GCM', 'CHACHA20-POLY1305'] as const) {
      const { path, bytes } = await sealedOf(plain, [ann.target], cipher);
      expect(await plainOf(bytes)).toEqual(plain);
      const back = `${path}-back`;
      expect((await unsealFile(path, back, { keys: [ann.key] })).sizeBytes).toBe(size);
      expect(await readFile(back)).toEqual(plain);
      await rm(back);
    }
  });

  it('says in clear what it was, and not the same twice', async () => {
    const plain = Buffer.alloc(CHUNK * 2, 'weights');
    const [first, second] = [await sealedOf(plain), await sealedOf(plain)];
    expect(first.bytes.includes('weights')).toBe(false);
    expect(first.bytes.subarray(-CHUNK).equals(second.bytes.subarray(-CHUNK))).toBe(false);
    const header = parseHeader(first.bytes, 'it');
    expect(first.bytes.length).toBe(first.bytes.readUInt32BE(12) + payloadBytes(header));
  });

  it('is read at any place, chunk by chunk', async () => {
    const plain = randomBytes(5 * CHUNK + 123);
    const { bytes } = await sealedOf(plain);
    const opened = await openSealed(inMemory(bytes), { keys: [bob.key], name: 'it' });
    await fc.assert(
      fc.asyncProperty(fc.nat(plain.length), fc.nat(plain.length), async (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        expect(await opened.read(from, to - from)).toEqual(plain.subarray(from, to));
      }),
      { numRuns: 60 },
    );
    await expect(opened.read(plain.length - 1, 2)).rejects.toThrow(RangeError);
  });

  it('opens for each of its keys, and for nobody else', async () => {
    const plain = randomBytes(100);
    const passphrase = { kind: 'passphrase', passphrase: 'correct horse' } as const;
    const { bytes, path } = await sealedOf(plain, [ann.target, bob.target, passphrase]);
    for (const key of [ann.key, bob.key, passphrase]) expect(await plainOf(bytes, key)).toEqual(plain);
    expect(await codeOf(plainOf(bytes, stranger.key))).toBe('WRONG_KEY');
    expect(await codeOf(plainOf(bytes, { kind: 'passphrase', passphrase: 'correct house' }))).toBe('WRONG_KEY');
    const target = `${path}-none`;
    expect(await codeOf(unsealFile(path, target, { keys: [stranger.key] }))).toBe('WRONG_KEY');
    expect((await readdir(folder)).filter((name) => join(folder, name).startsWith(target))).toEqual([]);
  });

  it('does not take the place of another file unless told', async () => {
    const { path } = await sealedOf(randomBytes(10));
    const target = join(folder, 'taken');
    await writeFile(target, 'mine');
    expect(await codeOf(unsealFile(path, target, { keys: [ann.key] }))).toBe('VIEW_OBSTRUCTED');
    expect(await readFile(target, 'utf8')).toBe('mine');
    await unsealFile(path, target, { keys: [ann.key], replace: true });
    expect((await readFile(target)).length).toBe(10);
  });
});

describe('whoever changes a sealed file', () => {
  it('by any bit of it is found out before its bytes are given', async () => {
    const plain = randomBytes(2 * CHUNK + 50);
    const { bytes } = await sealedOf(plain);
    const payloadAt = bytes.readUInt32BE(12);
    const header = PREAMBLE_BYTES + bytes.readUInt32BE(8);
    const anywhere = fc.oneof(
      fc.nat(PREAMBLE_BYTES - 1),
      fc.integer({ min: PREAMBLE_BYTES, max: header - 1 }),
      fc.integer({ min: header, max: payloadAt - 1 }),
      fc.integer({ min: payloadAt, max: bytes.length - 1 }),
    );
    await fc.assert(
      fc.asyncProperty(anywhere, fc.nat(7), async (at, bit) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(['BROKEN_SEAL', 'WRONG_KEY']).toContain(await codeOf(plainOf(changed)));
      }),
      { numRuns: 300 },
    );
  });

  it('in a chunk spoils that chunk only, and no byte of it is given', async () => {
    const plain = randomBytes(3 * CHUNK);
    const { bytes } = await sealedOf(plain);
    const changed = Buffer.from(bytes);
    const at = changed.readUInt32BE(12) + CHUNK + 16 + 5;
    changed[at] = (changed[at] ?? 0) ^ 1;
    const opened = await openSealed(inMemory(changed), { keys: [ann.key], name: 'it' });
    expect(await opened.read(0, CHUNK)).toEqual(plain.subarray(0, CHUNK));
    expect(await codeOf(opened.read(CHUNK - 1, 2))).toBe('BROKEN_SEAL');
    expect(await opened.read(2 * CHUNK, CHUNK)).toEqual(plain.subarray(2 * CHUNK));
  });

  it.each([0, CHUNK, 2 * CHUNK, 2 * CHUNK + 9])(
    'by cutting or adding at chunks is found out (%i bytes)',
    async (size) => {
      const { bytes } = await sealedOf(randomBytes(size));
      const { head, chunks } = chunksOf(bytes);
      const cut = Buffer.concat([head, ...chunks.slice(0, -1)]);
      expect(await codeOf(plainOf(cut))).toBe('BROKEN_SEAL');
      expect(await codeOf(plainOf(Buffer.concat([bytes, chunks.at(-1) ?? head])))).toBe('BROKEN_SEAL');
      expect(await codeOf(plainOf(bytes.subarray(0, bytes.length - 1)))).toBe('BROKEN_SEAL');
      expect(await codeOf(plainOf(Buffer.concat([bytes, Buffer.alloc(1)])))).toBe('BROKEN_SEAL');
      // With a size that goes with it, the header is not the one that was written.
      const shorter = withHeader(cut, (header) => ({ ...header, size: (chunks.length - 1) * CHUNK }));
      expect(await codeOf(plainOf(shorter))).toBe('BROKEN_SEAL');
    },
  );

  it('by moving chunks is found out, the last one too', async () => {
    const { bytes } = await sealedOf(randomBytes(3 * CHUNK));
    const { head, chunks } = chunksOf(bytes);
    const [a, b, c] = chunks;
    if (a === undefined || b === undefined || c === undefined) throw new Error('three chunks');
    for (const order of [
      [b, a, c],
      [a, c, b],
      [a, a, c],
      [c, b, a],
      [a, b, b],
    ])
      expect(await codeOf(plainOf(Buffer.concat([head, ...order])))).toBe('BROKEN_SEAL');
    expect(await codeOf(plainOf(Buffer.concat([head, a, b, c])))).toBe('opened');
  });

  it('by taking chunks of another file for the same keys is found out', async () => {
    const [one, two] = [await sealedOf(randomBytes(CHUNK)), await sealedOf(randomBytes(CHUNK))];
    const mixed = Buffer.concat([chunksOf(one.bytes).head, ...chunksOf(two.bytes).chunks]);
    expect(await codeOf(plainOf(mixed))).toBe('BROKEN_SEAL');
  });

  it('by leaving out or changing who may open it is found out by those who still can', async () => {
    const { bytes } = await sealedOf(randomBytes(CHUNK));
    const without = withHeader(bytes, (header) => ({ ...header, recipients: header.recipients.slice(0, 1) }));
    expect(await codeOf(plainOf(without, ann.key))).toBe('BROKEN_SEAL');
    expect(await codeOf(plainOf(without, bob.key))).toBe('WRONG_KEY');
    const swapped = withHeader(bytes, (header) => ({ ...header, recipients: [...header.recipients].reverse() }));
    expect(await codeOf(plainOf(swapped, ann.key))).toBe('BROKEN_SEAL');
    const bound = withHeader(bytes, (header) => ({ ...header, bind: { path: 'other' } }));
    expect(await codeOf(plainOf(bound, ann.key))).toBe('BROKEN_SEAL');
  });

  it('by a header of another form is refused', async () => {
    const { bytes } = await sealedOf(randomBytes(CHUNK));
    const changes: ((header: SealHeader) => object)[] = [
      (header) => ({ ...header, more: 1 }),
      (header) => ({ ...header, v: 2 }),
      (header) => ({ ...header, chunk: 4097 }),
      (header) => ({ ...header, chunk: 2 ** 30 }),
      (header) => ({ ...header, size: -1 }),
      (header) => ({ ...header, recipients: [] }),
      (header) => ({ ...header, recipients: Array(65).fill(header.recipients[0]) }),
      (header) => ({ ...header, recipients: [{ alg: 'scrypt', kid: 'p', n: 2 ** 30, salt: '', wrapped: '' }] }),
      (header) => ({ ...header, fileId: 'x' }),
    ];
    for (const change of changes) expect(await codeOf(plainOf(withHeader(bytes, change)))).toBe('BROKEN_SEAL');
  });

  it('into any bytes at all gets an error of ours', async () => {
    const { bytes } = await sealedOf(randomBytes(10));
    const foreign = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
      fc.tuple(fc.nat(400), fc.uint8Array({ maxLength: 30 })).map(([at, piece]) => {
        const changed = Buffer.from(bytes);
        Buffer.from(piece).copy(changed, at);
        return changed;
      }),
    );
    await fc.assert(
      fc.asyncProperty(foreign, async (changed) => {
        if (changed.equals(bytes)) return;
        expect(['BROKEN_SEAL', 'WRONG_KEY']).toContain(await codeOf(plainOf(changed)));
      }),
      { numRuns: 200 },
    );
  });
});

describe('sealing for others', () => {
  it('changes the header only', async () => {
    const plain = randomBytes(3 * CHUNK + 1);
    const { path, bytes } = await sealedOf(plain, [ann.target]);
    const [kid = ''] = parseHeader(bytes, 'it').recipients.map((one) => one.kid);
    await rewrapFile(path, { keys: [ann.key], add: [bob.target], remove: [kid] });
    const after = await readFile(path);
    const payloadAt = bytes.readUInt32BE(12);
    expect(after.readUInt32BE(12)).toBe(payloadAt);
    expect(after.subarray(payloadAt).equals(bytes.subarray(payloadAt))).toBe(true);
    expect(await plainOf(after, bob.key)).toEqual(plain);
    expect(await codeOf(plainOf(after, ann.key))).toBe('WRONG_KEY');
    expect(await codeOf(rewrapFile(path, { keys: [ann.key], add: [ann.target], remove: [] }))).toBe('WRONG_KEY');
  });

  it('leaves somebody who can open it, and does not outgrow its room', async () => {
    const { path, bytes } = await sealedOf(randomBytes(10), [ann.target]);
    const [kid = ''] = parseHeader(bytes, 'it').recipients.map((one) => one.kid);
    expect(await codeOf(rewrapFile(path, { keys: [ann.key], add: [], remove: [kid] }))).toBe('USAGE');
    const many = Array.from({ length: 40 }, () => bob.target);
    expect(await codeOf(rewrapFile(path, { keys: [ann.key], add: many, remove: [] }))).toBe('USAGE');
    expect(await readFile(path)).toEqual(bytes);
  });

  it('that was killed halfway is finished by the next time', async () => {
    const plain = randomBytes(CHUNK);
    const { path, bytes } = await sealedOf(plain, [ann.target]);
    const copy = `${path}-copy`;
    await writeFile(copy, bytes);
    await rewrapFile(copy, { keys: [ann.key], add: [bob.target], remove: [] });
    const head = (await readFile(copy)).subarray(0, bytes.readUInt32BE(12));
    await writeFile(`${path}.sluice-header`, head);
    // Its first half is in the file.
    await writeFile(path, Buffer.concat([head.subarray(0, 300), bytes.subarray(300)]));
    await rewrapFile(path, { keys: [bob.key], add: [], remove: [] });
    expect(await plainOf(await readFile(path), bob.key)).toEqual(plain);
    expect((await readdir(folder)).filter((name) => name.endsWith('.sluice-header'))).toEqual([]);
  });

  it('that left a header of another file beside it does not use that', async () => {
    const [one, two] = [await sealedOf(randomBytes(10), [ann.target]), await sealedOf(randomBytes(10), [bob.target])];
    await writeFile(`${one.path}.sluice-header`, two.bytes.subarray(0, two.bytes.readUInt32BE(12)));
    await rewrapFile(one.path, { keys: [ann.key], add: [bob.target], remove: [] });
    expect(await codeOf(plainOf(await readFile(one.path), ann.key))).toBe('opened');
  });

  it('by a program that keeps the key', async () => {
    const plain = randomBytes(20);
    const swap = `"${process.execPath}" -e "process.stdin.on('data',d=>process.stdout.write(Buffer.from(d).map(b=>b^85)))"`;
    const { bytes } = await sealedOf(plain, [{ kind: 'command', command: swap }]);
    expect(await plainOf(bytes, { kind: 'command', command: swap })).toEqual(plain);
    expect(await codeOf(plainOf(bytes, { kind: 'command', command: 'exit 3' }))).toBe('WRONG_KEY');
    expect(await codeOf(plainOf(bytes, { kind: 'command', command: 'cat' }))).toBe('BROKEN_SEAL');
  });

  it('by several programs, each of which knows only what it wrapped itself', async () => {
    const plain = randomBytes(20);
    // One that marks what is its own and refuses the rest, and one that gives nonsense for it.
    const marked = (mark: string): SealTarget & SealKey => ({
      kind: 'command',
      command: `if [ $SLUICE_KEY_OPERATION = wrap ]; then printf ${mark}; cat; else [ $(head -c 1) = ${mark} ] && cat; fi`,
    });
    const loose: SealTarget & SealKey = {
      kind: 'command',
      command: 'if [ $SLUICE_KEY_OPERATION = wrap ]; then printf l; cat; else tail -c +2; fi',
    };
    const { bytes } = await sealedOf(plain, [marked('a'), marked('b'), loose, ann.target]);
    for (const key of [marked('a'), marked('b'), loose, ann.key]) expect(await plainOf(bytes, key)).toEqual(plain);
    const opened = await openSealed(inMemory(bytes), { keys: [marked('c'), bob.key, ann.key], name: 'it' });
    expect(await opened.read(0, 20)).toEqual(plain);
    expect(await codeOf(plainOf(bytes, marked('c')))).toBe('WRONG_KEY');
  });

  it('whose header was changed says so, whatever a program says before or after, and tells what each of several said', async () => {
    const { bytes } = await sealedOf(randomBytes(20), [ann.target, { kind: 'command', command: 'cat' }]);
    const bound = withHeader(bytes, (header) => ({ ...header, bind: { path: 'other' } }));
    const refusing = (why: string): SealKey => ({ kind: 'command', command: `echo ${why} >&2; exit 3` });
    const failureOf = (file: Buffer, keys: readonly SealKey[]): Promise<SluiceError> =>
      openSealed(inMemory(file), { keys, name: 'it' }).then(
        () => Promise.reject(new Error('opened')),
        (error: unknown) => error as SluiceError,
      );
    for (const keys of [
      [ann.key, refusing('locked')],
      [refusing('locked'), ann.key],
    ])
      expect((await failureOf(bound, keys)).code).toBe('BROKEN_SEAL');
    const both = await failureOf(bytes, [refusing('locked'), refusing('expired')]);
    expect([both.code, both.message]).toEqual(['WRONG_KEY', expect.stringMatching(/locked.*; .*expired/) as unknown]);
  });

  it('by a program that is asked a few times only, whatever the header says', async () => {
    const { bytes, path } = await sealedOf(randomBytes(20), [{ kind: 'command', command: 'cat' }]);
    const [one] = parseHeader(bytes, 'it').recipients;
    const crowded = withHeader(Buffer.concat([bytes.subarray(0, 4096), bytes.subarray(4096)]), (header) => ({
      ...header,
      recipients: Array(20).fill(one),
    }));
    const asked = `${path}-asked`;
    const count: SealKey = { kind: 'command', command: `printf x >>"${asked}"; exit 1` };
    expect(await codeOf(plainOf(crowded, count))).toBe('WRONG_KEY');
    expect((await readFile(asked, 'utf8')).length).toBe(8);
  });
});

describe('a header', () => {
  it('has room for some more recipients', async () => {
    const { bytes } = await sealedOf(randomBytes(1), [ann.target]);
    const header = parseHeader(bytes, 'it');
    const [first] = header.recipients;
    if (first === undefined) throw new Error('one');
    expect(formatHeader({ ...header, recipients: Array(9).fill(first) as never }, 4096)).toBeDefined();
  });
});
