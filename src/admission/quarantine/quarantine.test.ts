import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { SluiceError } from '../../base/index.js';
import { openStore, type Store } from '../../store/index.js';
import type { Decision } from '../port.js';
import { Quarantine, quarantineDecision, type JudgedContent } from './quarantine.js';
import { readQuarantined } from './quarantined.js';

let root: string;
let store: Store;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'sluice-quarantine-'));
  store = await openStore(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const ONE = '1'.repeat(64);
const TWO = '2'.repeat(64);
const ABOUT = { ref: 'hf:acme/tiny', commit: 'c' };

function judged(path: string, sha256: string, verdict: Decision['verdict'], policyDigest = 'p'): JudgedContent {
  const reasons = [{ rule: 'BAD', value: 'so bad', threshold: 'less', path, verdict: 'refuse' as const }];
  return { path, sha256, decision: { verdict, reasons, policy: 'house', policyDigest } };
}

const refused = (path: string, sha256: string): JudgedContent => judged(path, sha256, 'refused');
const admitted = (path: string, sha256: string): JudgedContent => judged(path, sha256, 'admitted');
/** As another process would see it. */
const isIn = async (sha256: string): Promise<boolean> => (await new Quarantine(store).find({ sha256 })) !== undefined;

it('knows what was refused, says why, and forgets it when it is admitted', async () => {
  const quarantine = new Quarantine(store);
  expect(await quarantine.find({ sha256: ONE })).toBeUndefined();
  await quarantine.settle([refused('a/Model.bin', ONE), admitted('b', TWO)], ABOUT);
  const found = await quarantine.find({ sha256: ONE });
  expect(found && quarantineDecision(found)).toMatchObject({
    verdict: 'refused',
    policy: 'house',
    reasons: [{ rule: 'BAD', value: 'so bad', path: 'a/Model.bin', verdict: 'refuse' }],
  });
  expect([await isIn(ONE), await isIn(TWO)]).toEqual([true, false]);
  await quarantine.settle([admitted('c/model.bin', ONE)], ABOUT);
  expect([await quarantine.find({ sha256: ONE }), await isIn(ONE)]).toEqual([undefined, false]);
});

it('keeps a content until it is admitted under every name that it was refused under', async () => {
  const quarantine = new Quarantine(store);
  await quarantine.settle([refused('a.bin', ONE), refused('b.pkl', ONE)], ABOUT);
  await quarantine.settle([admitted('notes.txt', ONE)], ABOUT);
  expect(await isIn(ONE)).toBe(true);
  await quarantine.settle([admitted('a.bin', ONE)], ABOUT);
  expect(await isIn(ONE)).toBe(true);
  await quarantine.settle([admitted('b.pkl', ONE)], ABOUT);
  expect(await isIn(ONE)).toBe(false);
});

it('keeps every name of a content that is refused under several at once', async () => {
  await Promise.all(
    ['a.bin', 'b.pkl', 'c.pt'].map((name) => new Quarantine(store).settle([refused(name, ONE)], ABOUT)),
  );
  for (const name of ['a.bin', 'b.pkl']) await new Quarantine(store).settle([admitted(name, ONE)], ABOUT);
  expect((await new Quarantine(store).find({ sha256: ONE }))?.reasons.map(({ name }) => name)).toEqual(['c.pt']);
});

/** The same store as another process has it open: nothing in memory is shared, and both write only when each has read. */
async function sideBySide(): Promise<readonly [Quarantine, Quarantine]> {
  const other = mkdtempSync(join(tmpdir(), 'sluice-quarantine-link-'));
  onTestFinished(() => rmSync(other, { recursive: true, force: true }));
  symlinkSync(root, join(other, 'store'), 'junction');
  let arrived = 0;
  let open: () => void = () => undefined;
  const both = new Promise<void>((resolve) => (open = resolve));
  const waiting = (at: Store): Store => ({
    ...at,
    documents: {
      ...at.documents,
      write: async (collection, name, value) => {
        arrived += 1;
        if (arrived >= 2) open();
        await both;
        return at.documents.write(collection, name, value);
      },
    },
  });
  return [new Quarantine(waiting(store)), new Quarantine(waiting(await openStore(join(other, 'store'))))];
}

const namesOf = async (sha256: string): Promise<readonly string[]> =>
  ((await new Quarantine(store).find({ sha256 }))?.reasons ?? []).map(({ name }) => name).sort();

it('keeps every name of a content that two processes refuse at once', async () => {
  const [one, other] = await sideBySide();
  await Promise.all([one.settle([refused('a.bin', ONE)], ABOUT), other.settle([refused('b.pkl', ONE)], ABOUT)]);
  expect(await namesOf(ONE)).toEqual(['a.bin', 'b.pkl']);
});

it('reads what was kept with all names in one, and lets them leave one by one', async () => {
  const quarantine = new Quarantine(store);
  await quarantine.settle([refused('a.bin', ONE), refused('b.pkl', ONE), refused('c.pt', ONE)], ABOUT);
  const all = await quarantine.find({ sha256: ONE });
  const folder = join(root, 'documents', 'quarantine');
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  await store.documents.write('quarantine', ONE, all);
  expect(await namesOf(ONE)).toEqual(['a.bin', 'b.pkl', 'c.pt']);
  await new Quarantine(store).settle([admitted('a.bin', ONE), admitted('b.pkl', ONE)], ABOUT);
  expect(await namesOf(ONE)).toEqual(['c.pt']);
  await new Quarantine(store).settle([admitted('c.pt', ONE)], ABOUT);
  expect(readdirSync(folder)).toEqual([]);
});

it('keeps so many names of a content and no more', async () => {
  const many = Array.from({ length: 40 }, (_, index) => refused(`${index}.bin`, ONE));
  const quarantine = new Quarantine(store);
  await quarantine.settle(many, ABOUT);
  await quarantine.settle([refused('more.bin', ONE)], ABOUT);
  expect(await namesOf(ONE)).toHaveLength(32);
});

it('what is refused and admitted under one name at once stays in', async () => {
  await new Quarantine(store).settle([refused('a/model.bin', ONE), admitted('b/model.bin', ONE)], ABOUT);
  await new Quarantine(store).settle([refused('a/model.bin', ONE), admitted('b/model.bin', ONE)], ABOUT);
  expect(await isIn(ONE)).toBe(true);
});

it('takes what it cannot keep as refused out of the store, says so, and tries the others', async () => {
  const put = async (text: string): Promise<string> => {
    const sha256 = createHash('sha256').update(text).digest('hex');
    await store.putBytes(Buffer.from(text), { sha256, sizeBytes: text.length, digests: {} });
    return sha256;
  };
  const [first, second, good] = [await put('first'), await put('second'), await put('good')];
  const full = new SluiceError('DISK_FULL', { path: root });
  const write: Store['documents']['write'] = (collection, name, value) =>
    name.endsWith(second) ? store.documents.write(collection, name, value) : Promise.reject(full);
  const quarantine = new Quarantine({ ...store, documents: { ...store.documents, write } });
  const files = [refused('a.bin', first), refused('b.bin', second), admitted('c.bin', good)];
  await expect(quarantine.settle(files, ABOUT)).rejects.toBe(full);
  expect(await Promise.all([first, second, good].map((sha256) => store.blobState(sha256)))).toEqual([
    'absent',
    'proven',
    'proven',
  ]);
  expect([await isIn(first), await isIn(second)]).toEqual([false, true]);
});

it('knows a content also by the id that git gives it', async () => {
  const gitSha1 = 'a'.repeat(40);
  const bytes = Buffer.from('bytes');
  const sha256 = '277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9';
  await store.putBytes(bytes, { sha256, sizeBytes: bytes.length, digests: { gitSha1 } });
  const quarantine = new Quarantine(store);
  await quarantine.settle([refused('a.bin', sha256)], ABOUT);
  expect((await quarantine.find({ gitSha1 }))?.sha256).toBe(sha256);
  expect(await quarantine.find({ gitSha1: 'b'.repeat(40) })).toBeUndefined();
  expect(await quarantine.find({})).toBeUndefined();
});

it('notices what another process says, at once where the last look is a while ago, and without a look in between', async () => {
  let nowMs = 0;
  const quarantine = new Quarantine(store, () => nowMs);
  const other = new Quarantine(store);
  await other.settle([refused('a', ONE)], ABOUT);
  // So long ago that the folder's time says whether it changed.
  const folder = join(root, 'documents', 'quarantine');
  utimesSync(folder, new Date(1000), new Date(1000));
  expect(await quarantine.find({ sha256: ONE })).toBeDefined();
  await other.settle([refused('b', TWO), admitted('a', ONE)], ABOUT);
  expect(await quarantine.find({ sha256: TWO })).toBeUndefined();
  nowMs = 101;
  expect(await quarantine.find({ sha256: TWO })).toBeDefined();
  expect(await quarantine.find({ sha256: ONE })).toBeUndefined();
});

it('refuses what a broken record is named after', async () => {
  await new Quarantine(store).settle([refused('a', ONE)], ABOUT);
  const folder = join(root, 'documents', 'quarantine');
  const [name = ''] = readdirSync(folder);
  const empty = JSON.stringify({ format: 'sluice/quarantine', version: 1, name: ONE, writtenAt: '', value: {} });
  for (const text of ['', '{"format":"sluice/qua', empty]) {
    writeFileSync(join(folder, name), text);
    const found = await new Quarantine(store).find({ sha256: ONE });
    expect(found?.reasons[0]?.value).toBe('its record cannot be read');
  }
});

it('makes of any document a refusal of what it is named after, or nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.boolean(), (value, isNamed) => {
      const name = isNamed ? ONE : 'else';
      const read = readQuarantined({ status: 'ok', name, writtenAt: '', value });
      expect(read?.entry.sha256).toBe(isNamed ? ONE : undefined);
    }),
    { numRuns: 200 },
  );
});
