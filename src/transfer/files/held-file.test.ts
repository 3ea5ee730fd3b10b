import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Partial } from '../../store/index.js';
import type { Environment } from '../environment.js';
import { readJournal } from '../journal/read-journal.js';
import type { TransferTask } from '../port.js';
import { HeldFile } from './held-file.js';

const MIB = 2 ** 20;
const sha256 = 'a'.repeat(64);

async function openHeld(): Promise<HeldFile> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-held-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const partial = {
    ...{ key: 'k', dataPath: join(folder, 'data'), journalPath: join(folder, 'journal') },
    lost: new AbortController().signal,
    allocate: (sizeBytes: number) => writeFile(join(folder, 'data'), Buffer.alloc(sizeBytes)),
    ...{ commit: () => Promise.resolve(), release: () => Promise.resolve(), reset: () => Promise.resolve() },
  } satisfies Partial;
  const trusted = [sha256, sha256];
  // Proven by a list: nobody hashes it in order, which is all that it would need of its environment.
  const task: TransferTask = {
    path: 'model',
    sizeBytes: 2 * MIB,
    digests: { sha256 },
    sources: [],
    pieces: { pieceBytes: MIB, sha256: trusted },
  };
  const header = { sizeBytes: 2 * MIB, pieceBytes: MIB, digests: { sha256 }, validators: {}, bootId: 'b' };
  const opening = { partial, header, pieces: new Map(), parts: new Map(), trusted };
  const held = await HeldFile.open({} as Environment, task, opening);
  onTestFinished(() => held.release());
  return held;
}

const piece = (index: number) => ({ index, digest: sha256, source: 's', atMs: 1, ms: 1, retries: 0 });

it('a piece that is not wanted any more once it is written down does not count, now or after a restart', async () => {
  const held = await openHeld();
  held.map.take(0);
  held.map.take(1);
  let isWanted = true;
  const landing = held.land(piece(0), () => isWanted);
  isWanted = false;
  expect(await landing).toBe(false);
  expect(await held.land(piece(1), () => true)).toBe(true);
  expect([...held.landed.keys()]).toEqual([1]);
  expect(held.map.isFree(0)).toBe(true);
  expect([...((await readJournal(held.partial.journalPath))?.pieces.keys() ?? [])]).toEqual([1]);
});
