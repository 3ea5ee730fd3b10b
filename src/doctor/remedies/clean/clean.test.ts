import { link, open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fillTree, temporaryRoot } from '../testing/tree.js';
import { findLeftovers } from './find-leftovers.js';

const DAY_MS = 86_400_000;
const LATER_MS = Date.now() + 15 * DAY_MS;
const begun = `hf/models--a--b/blobs/${'a'.repeat(64)}.0a1b2c3d.incomplete`;
const LEFT = [
  begun,
  'ms/models/._____temp/o/n/w.bin',
  'ms/models/o--n/snapshots/master/w.bin.incomplete',
  'ms/models/o--n/snapshots/master/x.bin.aria2',
];
const OTHERS = [
  `hf/models--a--b/blobs/${'a'.repeat(64)}`,
  'hf/models--a--b/snapshots/c/x.incomplete',
  'hf/notes.incomplete',
  'ms/models/o--n/snapshots/master/y.bin',
  'ms/models/o--n/snapshots/master/gone.aria2',
  'ms/w.incomplete',
];

async function found(root: string, nowMs = LATER_MS): Promise<readonly string[]> {
  const left = await findLeftovers({ hfCache: join(root, 'hf'), msCaches: [join(root, 'ms')] }, nowMs);
  return left.map(({ paths }) => paths.at(-1)?.slice(root.length + 1) ?? '').sort();
}

async function setUp(): Promise<string> {
  const root = await temporaryRoot();
  const names = [...LEFT, ...OTHERS, 'ms/models/o--n/snapshots/master/x.bin'];
  await fillTree(root, Object.fromEntries(names.map((name) => [name, 'bytes'])));
  return root;
}

describe('what other tools left behind', () => {
  it('is what only a download under way is called, with what belongs to it', async () => {
    expect(await found(await setUp())).toEqual([...LEFT].sort());
  });

  it('is not what was touched within two weeks', async () => {
    const root = await setUp();
    expect(await found(root, Date.now() + 13 * DAY_MS)).toEqual([]);
  });

  it('is not what has another name somewhere', async () => {
    const root = await setUp();
    await link(join(root, begun), join(root, 'elsewhere'));
    expect(await found(root)).not.toContain(begun);
  });

  it.runIf(process.platform === 'linux')('is not what a process has open', async () => {
    const root = await setUp();
    const file = await open(join(root, begun));
    onTestFinished(() => file.close());
    expect(await found(root)).toEqual(LEFT.filter((name) => name !== begun).sort());
  });
});
