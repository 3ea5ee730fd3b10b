import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { RawManifest } from '../hubs/index.js';
import { openStore } from '../store/index.js';
import { ImageParts } from './image-parts.js';

const REPOSITORY = 'oci:docker.io/acme/model';
const hexOf = (text: string): string => createHash('sha256').update(text).digest('hex');

function manifestOf(...parts: readonly string[]): RawManifest {
  const layers = parts.map((part) => ({ digest: `sha256:${hexOf(part)}`, size: part.length }));
  const bytes = Buffer.from(JSON.stringify({ layers }));
  return { mediaType: 'x', sha256: createHash('sha256').update(bytes).digest('hex'), bytes };
}

async function setUp({ isWritten = true } = {}) {
  const root = mkdtempSync(join(tmpdir(), 'sluice-parts-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const { documents, ...rest } = await openStore(root);
  const write: typeof documents.write = (...args) => (isWritten ? documents.write(...args) : Promise.resolve());
  const store = { ...rest, documents: { ...documents, write } };
  const held = new Map<string, RawManifest>();
  const open = (): ImageParts => new ImageParts({ store, kept: (_, sha256) => Promise.resolve(held.get(sha256)) });
  const show = async (parts: ImageParts, manifest: RawManifest, subject?: string): Promise<void> => {
    held.set(manifest.sha256, manifest);
    await parts.note(REPOSITORY, manifest, subject);
  };
  return { open, show, held };
}

it('knows which manifests name a part, latest first, in their repository alone', async () => {
  const { open, show } = await setUp();
  const parts = open();
  const [one, two] = [manifestOf('a', 'b'), manifestOf('b', 'c')];
  await show(parts, one);
  await show(parts, two, hexOf('subject'));
  const naming = async (part: string): Promise<unknown> => (await parts.naming(REPOSITORY, hexOf(part))).map(({ sha256 }) => sha256); // prettier-ignore
  expect(await naming('a')).toEqual([one.sha256]);
  expect(await naming('b')).toEqual([two.sha256, one.sha256]);
  expect(await naming('d')).toEqual([]);
  expect(await parts.naming('oci:docker.io/acme/other', hexOf('a'))).toEqual([]);
});

it('knows it after a restart, of manifests that are still here', async () => {
  const { open, show, held } = await setUp();
  const parts = open();
  const [one, two] = [manifestOf('a'), manifestOf('a', 'b')];
  await show(parts, one, hexOf('subject'));
  await show(parts, two);
  held.delete(two.sha256);
  expect(await open().naming(REPOSITORY, hexOf('a'))).toEqual([
    { sha256: one.sha256, sizeBytes: one.bytes.length, subject: hexOf('subject') },
  ]);
});

it('forgets the manifests that were shown longest ago', async () => {
  const { open, show } = await setUp({ isWritten: false });
  const parts = open();
  for (let index = 0; index < 260; index += 1) await show(parts, manifestOf(`only ${index}`, 'all'));
  expect(await parts.naming(REPOSITORY, hexOf('all'))).toHaveLength(256);
  expect(await parts.naming(REPOSITORY, hexOf('only 3'))).toEqual([]);
  expect(await parts.naming(REPOSITORY, hexOf('only 4'))).toHaveLength(1);
});
