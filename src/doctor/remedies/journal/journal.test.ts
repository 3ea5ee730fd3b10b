import { chmod, link, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change } from '../port.js';
import { fillTree, temporaryRoot, treeOf } from '../testing/tree.js';
import { applyChanges } from './apply.js';
import { readState, valueOf } from './file-state.js';
import { place, temporaryOf } from './place-file.js';
import { parseRecord, writeRecord } from './record.js';
import { openRemedyJournal } from './remedy-journal.js';
import { planUndo, undoRecord } from './undo.js';

const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };

async function changeTo(path: string, text: string | Uint8Array, kind: Change['kind'] = 'file'): Promise<Change> {
  const before = await readState(path, kind);
  const after = { ...(before ?? { mode: 0o644, ...owner }), bytes: Buffer.from(text) };
  return { kind, path, before, after };
}

async function setUp(files: Readonly<Record<string, string | Uint8Array>> = { 'a/old': 'old\n' }) {
  const [root, home] = [await temporaryRoot(), await temporaryRoot()];
  await fillTree(root, files);
  return { root, home, journal: openRemedyJournal(home) };
}

describe('applying and undoing', () => {
  it('is identity for arbitrary files: bytes, modes, folders', async () => {
    const name = fc.constantFrom('a', 'b', 'd/c', 'd/e', 'n/e/w');
    const file = fc.record({ name, bytes: fc.uint8Array(), mode: fc.constantFrom(0o600, 0o644, 0o755, 0o4711) });
    const files = fc.uniqueArray(file, { selector: (each) => each.name });
    await fc.assert(
      fc.asyncProperty(files, files, async (present, wanted) => {
        const { root, home, journal } = await setUp({});
        for (const { name, bytes, mode } of present) {
          await fillTree(root, { [name]: bytes });
          await chmod(join(root, name), mode);
        }
        const before = await treeOf(root);
        const changes: Change[] = [];
        for (const { name, bytes } of wanted) changes.push(await changeTo(join(root, name), bytes));
        const { record } = await applyChanges({ remedy: 'pip', changes }, '/', journal);
        for (const { path, after } of changes) expect((await readState(path, 'file'))?.bytes).toEqual(after.bytes);
        const steps = await planUndo(record);
        expect(steps.some(({ state }) => state === 'changed')).toBe(false);
        await undoRecord(record, steps, journal);
        expect(await treeOf(root)).toEqual(before);
        expect(await treeOf(join(home, 'remedies'))).toEqual({});
      }),
      { numRuns: 30 },
    );
  });

  it('is mended by undoing, wherever it was killed', async () => {
    for (let done = 0; done <= 3; done += 1) {
      const { root, journal } = await setUp({ 'a/old': 'old\n', 'a/other': 'x' });
      const before = await treeOf(root);
      const changes = [
        await changeTo(join(root, 'a/old'), 'new\n'),
        await changeTo(join(root, 'n/new'), 'new\n'),
        await changeTo(join(root, 'a/other'), 'y'),
      ];
      const folders = [join(root, 'n')];
      const record = await journal.add({ remedy: 'pip', root: '/', state: 'applying', atMs: 1, folders, changes });
      if (done > 0) await mkdir(join(root, 'n'));
      for (const change of changes.slice(0, done)) await place(change, change.after, record.id);
      await writeFile(temporaryOf(join(root, 'a/old'), record.id), 'ne');
      const [found] = await journal.list();
      await undoRecord(found!, await planUndo(found!), journal);
      expect(await treeOf(root)).toEqual(before);
      expect(await journal.list()).toEqual([]);
    }
  });

  it('keeps a value whole while it is given another, and nothing beside it', async () => {
    const { root, journal } = await setUp({ 'a/value': 'long before\n' });
    const path = join(root, 'a/value');
    const held = await link(path, join(root, 'a/held')).then(async () => treeOf(root));
    const change = await changeTo(path, 'after\n', 'value');
    const { record } = await applyChanges({ remedy: 'kernel', changes: [change] }, '/', journal);
    // Not written over in place, of which a kill would leave a part: whoever has it by another name still has all of it.
    expect(await treeOf(root)).toEqual({
      ...held,
      'a/value': expect.stringContaining(Buffer.from('after\n').toString('base64')) as string,
    });
    await writeFile(temporaryOf(path, record.id), 'lo');
    await undoRecord(record, await planUndo(record), journal);
    expect(await treeOf(root)).toEqual(held);
  });

  it('takes everything back when one change fails', async () => {
    const { root, journal } = await setUp();
    const before = await treeOf(root);
    const first = await changeTo(join(root, 'a/old'), 'new');
    const failing = { ...(await changeTo(join(root, 'a/x'), 'x')), path: join(root, 'a', 'n'.repeat(240)) };
    await expect(applyChanges({ remedy: 'pip', changes: [first, failing] }, '/', journal)).rejects.toThrow();
    expect(await treeOf(root)).toEqual(before);
    expect(await journal.list()).toEqual([]);
  });

  it('sees that somebody changed a file in between', async () => {
    const { root, journal } = await setUp();
    const path = join(root, 'a/old');
    const change = await changeTo(path, 'new');
    const { record } = await applyChanges({ remedy: 'pip', changes: [change] }, '/', journal);
    await writeFile(path, 'mine');
    expect((await planUndo(record)).map(({ state }) => state)).toEqual(['changed']);
    await chmod(path, 0o600);
    await writeFile(path, 'new');
    expect((await planUndo(record)).map(({ state }) => state)).toEqual(['changed']);
    await expect(applyChanges({ remedy: 'pip', changes: [change] }, '/', journal)).rejects.toMatchObject({
      code: 'CHANGED_SINCE',
    });
  });

  it('leaves a folder that others use by now', async () => {
    const { root, journal } = await setUp();
    const change = await changeTo(join(root, 'n/m/new'), 'new');
    const { record } = await applyChanges({ remedy: 'pip', changes: [change] }, '/', journal);
    await writeFile(join(root, 'n/theirs'), '');
    await undoRecord(record, await planUndo(record), journal);
    expect(Object.keys(await treeOf(join(root, 'n')))).toEqual(['theirs']);
  });
});

describe('a file', () => {
  it('that is a link, a folder, or has other names is not touched', async () => {
    const { root } = await setUp();
    await symlink('old', join(root, 'a/link'));
    for (const name of ['a/link', 'a']) {
      await expect(readState(join(root, name), 'file')).rejects.toMatchObject({ code: 'FILE_UNFIT' });
    }
    await link(join(root, 'a/old'), join(root, 'a/second'));
    await expect(readState(join(root, 'a/old'), 'file')).rejects.toMatchObject({ code: 'FILE_UNFIT' });
    await rm(join(root, 'a/second'));
    expect((await readState(join(root, 'a/old'), 'file'))?.bytes.toString()).toBe('old\n');
  });

  it('of the kernel tells its value', () => {
    expect(valueOf(Buffer.from('4096\t87380\t6291456\n'))).toBe('4096 87380 6291456');
    expect(valueOf(Buffer.from('none [mq-deadline] bfq\n'))).toBe('mq-deadline');
  });
});

describe('a record', () => {
  const state = fc.record({
    bytes: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    mode: fc.nat(0o7777),
    uid: fc.nat(),
    gid: fc.nat(),
  });
  const change = fc.record({
    kind: fc.constantFrom('file' as const, 'value' as const),
    path: fc.string().map((text) => `/${text.replaceAll('\0', '')}`),
    before: fc.option(state, { nil: undefined }),
    after: state,
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(change), fc.nat(), (changes, atMs) => {
        const record = { id: '7', remedy: 'pip', root: '/', state: 'applied', atMs, folders: ['/x'], changes } as const;
        expect(parseRecord(writeRecord(record), '7')).toEqual(record);
      }),
    );
  });

  it('is nothing else', () => {
    const whole = { version: 1, remedy: 'pip', root: '/', state: 'applied', atMs: 1, folders: [], changes: [] };
    expect(parseRecord(JSON.stringify(whole), '1')).toBeDefined();
    for (const key of Object.keys(whole))
      expect(parseRecord(JSON.stringify({ ...whole, [key]: 'wrong' }), '1'), key).toBeUndefined();
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(parseRecord(text, '1')).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => parseRecord(JSON.stringify({ ...whole, changes: [value] }), '1')).not.toThrow();
      }),
    );
  });

  it('that cannot be read stops everything: what it changed is unknown', async () => {
    const { home, journal } = await setUp();
    await fillTree(home, { 'remedies/1.json': '{' });
    await expect(journal.list()).rejects.toMatchObject({ code: 'FILE_UNFIT' });
  });
});
