import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openStore } from '../index.js';
import { temporaryFolder } from '../testing/fixtures.js';
import { documentFileName } from './document-name.js';
import { parseDocument } from './documents.js';

const open = async () => (await openStore(await temporaryFolder())).documents;

describe('documents', () => {
  test('are read as they were written, and replaced whole', async () => {
    const documents = await open();
    expect(await documents.read('pulls', 'one')).toEqual({ status: 'absent' });
    await documents.write('pulls', 'one', { files: 3 });
    await documents.write('pulls', 'one', { files: 4 });
    expect(await documents.read('pulls', 'one')).toMatchObject({ status: 'ok', name: 'one', value: { files: 4 } });
    await documents.remove('pulls', 'one');
    await documents.remove('pulls', 'one');
    expect(await documents.read('pulls', 'one')).toEqual({ status: 'absent' });
  });

  test('keep any name apart from any other, inside their folder', async () => {
    const root = await temporaryFolder();
    const { documents } = await openStore(root);
    const names = ['a', 'A', '../../a', 'hf:Org/Name@refs/pr/1', '..', 'x'.repeat(400), 'x'.repeat(401), '模型', '%41'];
    for (const name of names) await documents.write('manifests', name, name);
    for (const name of names) expect(await documents.read('manifests', name)).toMatchObject({ name, value: name });
    const listed = await documents.list('manifests');
    expect(listed.map((read) => (read.status === 'ok' ? read.name : '')).sort()).toEqual([...names].sort());
    expect(await readdir(join(root, 'documents'))).toEqual(['manifests']);
  });

  test('that are broken are reported, and the others still come', async () => {
    const root = await temporaryFolder();
    const { documents } = await openStore(root);
    await documents.write('views', 'good', 1);
    const path = join(root, 'documents/views', documentFileName('bad'));
    await writeFile(path, '{"format":"sluice/vi');
    expect(await documents.read('views', 'bad')).toEqual({ status: 'broken', path, reason: 'not JSON' });
    expect((await documents.list('views')).map((read) => read.status)).toEqual(['broken', 'ok']);
    expect(await documents.list('nothing-here')).toEqual([]);
  });

  test('have collections with plain names only', async () => {
    const documents = await open();
    await expect(documents.read('../blobs', 'x')).rejects.toThrow('not a document name');
    await expect(documents.write('pulls', '', 1)).rejects.toThrow('not a document name');
  });

  test('never throw for what they find', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseDocument(text, 'pulls', 'p').status).toBe('broken');
      }),
    );
  });

  test('have one file name each', () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(name, name, (one, other) => {
        const file = documentFileName(one);
        expect(file).toMatch(/^[a-z0-9_%-][a-z0-9._%~-]*\.json$/);
        expect(file.length).toBeLessThanOrEqual(200);
        if (Buffer.from(one).equals(Buffer.from(other))) return;
        expect(documentFileName(other)).not.toBe(file);
      }),
    );
  });
});
