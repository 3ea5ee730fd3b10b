import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../base/index.js';
import { asSluiceErrors, unless } from '../files/errors.js';
import { writeAtomic } from '../files/write-atomic.js';
import type { Layout } from '../layout.js';
import type { DocumentRead, Documents } from '../port.js';
import { documentFileName } from './document-name.js';

const VERSION = 1;
/** The coarsest clock of a file system that is in use, and some more. */
const CLOCK_MS = 3000;

/** Small JSON documents in `documents/<collection>/`. */
export function documentsIn(layout: Layout): Documents {
  const folderOf = (collection: string): string => {
    if (!/^[a-z][a-z0-9-]{0,40}$/.test(collection)) throw badName(collection);
    return join(layout.documents, collection);
  };
  const pathOf = (collection: string, name: string): string => {
    if (name === '' || Buffer.byteLength(name) > 4096) throw badName(name);
    return join(folderOf(collection), documentFileName(name));
  };
  return {
    read: (collection, name) => asSluiceErrors(() => readAt(pathOf(collection, name), collection)),
    write: (collection, name, value) =>
      asSluiceErrors(() => {
        const envelope = {
          format: `sluice/${collection}`,
          version: VERSION,
          name,
          writtenAt: new Date().toISOString(),
          value,
        };
        const content = `${JSON.stringify(envelope)}\n`;
        return writeAtomic(pathOf(collection, name), content, { tmp: layout.tmp, sync: 'folder' });
      }),
    list: (collection) => asSluiceErrors(() => listIn(folderOf(collection), collection)),
    versionOf: (collection) => asSluiceErrors(() => versionOf(folderOf(collection))),
    remove: (collection, name) => asSluiceErrors(() => rm(pathOf(collection, name), { force: true })),
  };
}

async function listIn(folder: string, collection: string): Promise<readonly DocumentRead[]> {
  const names = (await unless(readdir(folder))) ?? [];
  const reads: DocumentRead[] = [];
  for (const name of names.filter((file) => file.endsWith('.json')).sort()) {
    const read = await readAt(join(folder, name), collection);
    if (read.status !== 'absent') reads.push(read);
  }
  return reads;
}

async function versionOf(folder: string): Promise<string | undefined> {
  const found = await unless(stat(folder, { bigint: true }));
  if (found === undefined || Date.now() - Number(found.mtimeMs) < CLOCK_MS) return undefined;
  return `${found.ino} ${found.mtimeNs}`;
}

async function readAt(path: string, collection: string): Promise<DocumentRead> {
  const text = await unless(readFile(path, 'utf8'));
  return text === undefined ? { status: 'absent' } : parseDocument(text, collection, path);
}

/** Never throws. */
export function parseDocument(text: string, collection: string, path: string): DocumentRead {
  let envelope: unknown;
  try {
    envelope = JSON.parse(text);
  } catch {
    return { status: 'broken', path, reason: 'not JSON' };
  }
  if (typeof envelope !== 'object' || envelope === null) return { status: 'broken', path, reason: 'no envelope' };
  const fields = new Map<string, unknown>(Object.entries(envelope));
  const name = fields.get('name');
  const writtenAt = fields.get('writtenAt');
  if (fields.get('format') !== `sluice/${collection}`) return { status: 'broken', path, reason: 'of another format' };
  if (fields.get('version') !== VERSION) return { status: 'broken', path, reason: 'of an unknown version' };
  if (typeof name !== 'string' || typeof writtenAt !== 'string' || !fields.has('value')) {
    return { status: 'broken', path, reason: 'incomplete envelope' };
  }
  return { status: 'ok', name, writtenAt, value: fields.get('value') };
}

function badName(name: string): SluiceError {
  return new SluiceError('INTERNAL', { reason: `not a document name: ${JSON.stringify(name.slice(0, 80))}` });
}
