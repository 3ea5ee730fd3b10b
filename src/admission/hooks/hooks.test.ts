import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileRooms } from '../../proof/testing/compile-rooms.js';
import { sourceOfBuffer } from '../../scan/index.js';
import type { Hook } from '../policy/policy.js';
import type { HookResult } from '../port.js';
import { boundModule } from './bound-module.js';
import type { FromModule } from './messages.js';
import type * as hooksRoom from './run-hooks.js';
import { parseResult } from './run-hooks.js';
import { serveModule } from './serve-module.js';
import { answering, assembleModule, body, BLOCK_FOREVER, type ModuleParts } from '../testing/hand-assembled.js';

let folder: string;
let runHooks: typeof hooksRoom.runHooks;

beforeAll(async () => {
  folder = mkdtempSync(join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache-hooks-'));
  compileRooms(folder, ['admission/hooks']);
  ({ runHooks } = (await import(pathToFileURL(join(folder, 'admission/hooks/run-hooks.js')).href)) as typeof hooksRoom);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SCAN = {
  name: 'f',
  formats: ['text'],
  verdict: 'CLEAN',
  findings: [],
  coverage: { sizeBytes: 0, attributedBytes: 0, unattributed: [] },
  inventory: { imports: [], calls: [], templates: [], hooks: [] },
  members: [],
  rulesDigest: '',
} as const;

async function run(
  parts: ModuleParts,
  limits: Partial<Hook> = {},
  content = 'hello',
  known: readonly HookResult[] = [],
  signal = new AbortController().signal,
) {
  const bytes = assembleModule(parts);
  const module = join(folder, `${createHash('sha256').update(bytes).digest('hex')}.wasm`);
  writeFileSync(module, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const hook = { name: 'own', module, sha256, timeMs: 60_000, memoryPages: 16, readBytes: 2 ** 20, ...limits };
  const file = { path: 'f', sizeBytes: content.length, sha256: undefined, scan: SCAN };
  const open = () => Promise.resolve({ bytes: sourceOfBuffer(Buffer.from(content)), close: () => Promise.resolve() });
  const [result] = await runHooks([hook], file, known, open, signal);
  return result;
}

const PASS = '{"verdict":"pass","reasons":["fine"]}';

describe('a module', () => {
  it('says what it says, and the same again', async () => {
    const first = await run(answering(PASS));
    expect(first).toMatchObject({ verdict: 'pass', reasons: ['fine'], isRepeatable: true });
    expect(await run(answering(PASS))).toEqual(first);
    expect(await run(answering('{"verdict":"fail","reasons":["no"]}'))).toMatchObject({ verdict: 'fail' });
  });

  it('reads the file by its one import, and not past its end', async () => {
    // Reads 5 bytes over the word PASS in its answer, so that the answer is made of what it read.
    const answer = '{"verdict":"fail","reasons":["-----"]}';
    const at = answer.indexOf('-----');
    expect(await run({ ...answering(answer), reads: [{ offset: 0, pointer: 1024 + at, length: 9 }] })).toMatchObject({
      verdict: 'fail',
      reasons: ['hello'],
    });
    expect(await run({ ...answering(answer), reads: [{ offset: 6, pointer: 1024 + at, length: 5 }] })).toMatchObject({
      reasons: ['-----'],
    });
  });

  it.each<[string, ModuleParts, RegExp]>([
    ['asks for WASI', { ...answering(PASS), imports: [['wasi_snapshot_preview1', 'fd_write', 0]] }, /fd_write/],
    ['imports a memory', { ...answering(PASS), imports: [['sluice', 'read', 2]] }, /imports/],
    [
      'has two memories',
      {
        ...answering(PASS),
        memories: [
          [0, 1],
          [0, 1],
        ],
      },
      /memories/,
    ],
    ['has no memory', { ...answering(PASS), memories: [] }, /memor/],
    ['shares its memory', { ...answering(PASS), memories: [[3, 1, 1]] }, /shared/],
    ['wants more memory from the start', { ...answering(PASS), memories: [[0, 1000]] }, /at least 1000/],
    ['has a table beyond all bounds', { ...answering(PASS), tables: [[0x70, 0, 20_000]] }, /table/],
    // Where V8 knows arrays (Node 22), this one takes a gigabyte beside the bounded memory, and a few of them end the process.
    [
      'has memory of the garbage collector',
      {
        ...answering(PASS),
        types: [[0x5e, 0x78, 1]],
        before: [0x41, 0x80, 0x80, 0x80, 0x80, 0x03, 0xfb, 0x07, 5, 0x1a],
      },
      /a type of an extension/,
    ],
    ['has a function of references to what it defines', { ...answering(PASS), types: [[0x60, 1, 0x63, 0, 0]] }, /type/],
    ['has types that do not end', { ...answering(PASS), types: [[0x60, 0xff, 0xff, 0x03]] }, /type|too early/],
    ['gives a result outside of its memory', { ...answering(PASS), result: [2 ** 31, 4] }, /outside/],
    ['gives a longer result than may be', { ...answering(PASS), result: [0, 2 ** 22] }, /result of/],
    ['gives what is no UTF-8', { ...answering(PASS), data: [0xff, 0xfe], result: [1024, 2] }, /data|decode|encoded/i],
    ['gives what is no JSON', answering('pass'), /understood/],
    ['gives another verdict', answering('{"verdict":"maybe"}'), /understood/],
    ['traps', { ...answering(PASS), verify: body([0x00]) }, /unreachable/],
    ['recurses', { ...answering(PASS), verify: body([0x20, 0, 0x20, 1, 0x10, 3]) }, /stack/i],
    ['exports nothing', { ...answering(PASS), exports: [] }, /exports/],
    ['asks before it has begun', { ...answering(PASS), start: 4 }, /begun/],
  ])('that %s is refused', async (_, parts, reason) => {
    const result = await run(parts);
    expect(result?.verdict).toBe('error');
    expect(result?.reasons.join()).toMatch(reason);
  });

  it('cannot grow beyond its bound', async () => {
    // memory.grow gives -1 where it may not: the answer's pointer is moved by it, so only a refused one stays inside.
    const grown = [0x41, 0xe8, 0x07, 0x40, 0x00, 0x41, 0x7f, 0x46, 0x04, 0x40, 0x05, 0x00, 0x0b];
    expect(await run({ ...answering(PASS), before: grown })).toMatchObject({ verdict: 'pass' });
  });

  it.each([
    ['verify', { verify: BLOCK_FOREVER }],
    ['its start function', { start: 5 }],
  ])('that never ends in %s is ended by the clock, and asked again another time', async (_, parts) => {
    const result = await run({ ...answering(PASS), ...parts }, { timeMs: 300 });
    expect(result).toMatchObject({ verdict: 'error', isRepeatable: false });
  });

  it('may log as often as it likes, and sends nothing by that', async () => {
    const log = [0x41, 0, 0x41, 0, 0x41, 0, 0x10, 1];
    const module = assembleModule({ ...answering(PASS), before: Array.from({ length: 1000 }, () => log).flat() });
    const told: FromModule[] = [];
    const shared = { state: new SharedArrayBuffer(8), window: new SharedArrayBuffer(8) };
    await serveModule({ module, input: '{}', sizeBytes: 0, ...shared }, (message) => told.push(message));
    expect(told).toEqual([{ type: 'result', json: PASS }]);
  });

  it('that is called off has said nothing', async () => {
    const abort = new AbortController();
    const called = run({ ...answering(PASS), verify: BLOCK_FOREVER }, {}, 'hello', [], abort.signal);
    abort.abort(new Error('called off'));
    await expect(called).rejects.toThrow('called off');
  });

  it('that reads more than it may is refused', async () => {
    const reads = Array.from({ length: 4 }, () => ({ offset: 0, pointer: 0, length: 5 }));
    expect(await run({ ...answering(PASS), reads }, { readBytes: 10 })).toMatchObject({ verdict: 'error' });
    expect(await run({ ...answering(PASS), reads }, { readBytes: 20 })).toMatchObject({ verdict: 'pass' });
  });

  it('is asked again where it failed: its limits may be others by now, and so may be what the scanner says', async () => {
    const reads = [{ offset: 0, pointer: 0, length: 5 }];
    const parts = { ...answering(PASS), reads };
    const failed = await run(parts, { readBytes: 4 });
    expect(failed).toMatchObject({ verdict: 'error', isRepeatable: true });
    expect(await run(parts, {}, 'hello', failed === undefined ? [] : [failed])).toMatchObject({ verdict: 'pass' });
    const kept = { ...failed, verdict: 'fail', reasons: ['kept'] } as HookResult;
    expect(await run(parts, {}, 'hello', [kept])).toBe(kept);
  });

  it('that is another one than was named is refused', async () => {
    expect(await run(answering(PASS), { sha256: '0'.repeat(64) })).toMatchObject({ verdict: 'error' });
  });
});

describe('the walk over the sections', () => {
  it('ends for any bytes, in a module or a ModuleFault', () => {
    const good = assembleModule(answering(PASS));
    const flips = fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(flips, fc.nat({ max: good.length }), (changes, length) => {
        const bytes = Uint8Array.from(good).subarray(0, length);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          // What comes out of it once stays as it is.
          const bounded = boundModule(bytes, 16);
          expect(boundModule(bounded, 16)).toEqual(bounded);
        } catch (thrown) {
          expect((thrown as Error).name).toBe('ModuleFault');
        }
      }),
      { numRuns: 300 },
    );
  });
});

it('a result is one of three words with reasons, or none', () => {
  expect(parseResult('{"verdict":"review"}')).toEqual({ verdict: 'review', reasons: [] });
  for (const text of ['', 'null', '[]', '{"verdict":"pass","reasons":[1]}', '{"verdict":"PASS"}'])
    expect(parseResult(text)).toBeUndefined();
});
