import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Manifest, ManifestFile, Origin, Pinned, RepositoryRef } from '../hubs/index.js';
import { pinOffline, readManifest } from '../pull/index.js';
import { openStore, type Store } from '../store/index.js';
import { SharedListings } from './shared-listings.js';
import { Snapshots } from './snapshots.js';
import type { Upstreams } from './upstreams/upstreams.js';

const COMMIT = 'c'.repeat(40);
const SIGNAL = new AbortController().signal;
const REF: RepositoryRef = { origin: 'hf', kind: 'model', id: 'org/many' };

let root: string;
let store: Store;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-listings-'));
  store = await openStore(root);
});
afterEach(() => rm(root, { recursive: true, force: true }));

function filesOf(count: number): readonly ManifestFile[] {
  return Array.from({ length: count }, (_, at) => {
    const gitOid = at.toString(16).padStart(40, '0');
    return { path: `file-${at}`, gitOid, sizeBytes: at, digests: { gitSha1: gitOid } };
  });
}

/** A mirror's memory of a hub whose every revision is the same commit; `isPublic` may change under way. */
function rig(hub: { isPublic: boolean | ((revision: string) => boolean) } = { isPublic: true }) {
  const listed: string[] = [];
  const origin = {
    pin: ({ revision = 'main', ...ref }: RepositoryRef): Promise<Pinned> => {
      const isPublic = typeof hub.isPublic === 'boolean' ? hub.isPublic : hub.isPublic(revision);
      return Promise.resolve({ ref: { ...ref, revision }, revision, commit: COMMIT, isPublic });
    },
    list: (pinned: Pinned): Promise<Manifest> => {
      listed.push(pinned.revision);
      return Promise.resolve({ pinned, files: filesOf(20) });
    },
  } as unknown as Origin;
  const upstreams = {
    isTokenForAll: true,
    shared: () => [{ origin }],
    own: () => [{ origin }],
    first: (_places: unknown, signal: AbortSignal, ask: (origin: Origin, signal: AbortSignal) => Promise<unknown>) =>
      ask(origin, signal),
  } as unknown as Upstreams;
  const open = (): Snapshots => new Snapshots({ store, upstreams, freshMs: 100_000, stop: SIGNAL, now: () => 1000 });
  return { listed, open };
}

test('a commit that is asked for by several names is listed once and in memory once, and each answer has its own revision', async () => {
  const { listed, open } = rig();
  const snapshots = open();
  const byBranch = await snapshots.get({ ...REF, revision: 'main' }, {}, SIGNAL);
  const byCommit = await snapshots.get({ ...REF, revision: COMMIT }, {}, SIGNAL);
  expect(byCommit.files).toBe(byBranch.files);
  expect([byBranch.pinned.revision, byCommit.pinned.revision]).toEqual(['main', COMMIT]);
  expect(listed).toEqual(['main']);
  await snapshots.saved();
  expect((await readManifest(store, byCommit.pinned))?.files).toEqual(filesOf(20));
});

test('what an earlier process kept is read once for all names of a commit', async () => {
  const { listed, open } = rig();
  const before = open();
  for (const revision of ['main', 'v1']) await before.get({ ...REF, revision }, {}, SIGNAL);
  await before.saved();
  const after = open();
  const [main, v1] = [
    await after.get({ ...REF, revision: 'main' }, {}, SIGNAL),
    await after.get({ ...REF, revision: 'v1' }, {}, SIGNAL),
  ];
  expect(v1.files).toBe(main.files);
  expect(main.files).toEqual(filesOf(20));
  expect(listed).toEqual(['main']);
});

test('that who may read it changed is written down also where the listing is in memory', async () => {
  const hub = { isPublic: true };
  const { open } = rig(hub);
  const snapshots = open();
  await snapshots.get({ ...REF, revision: 'main' }, {}, SIGNAL);
  await snapshots.saved();
  hub.isPublic = false;
  await snapshots.get({ ...REF, revision: 'v1' }, {}, SIGNAL);
  await snapshots.saved();
  // Nobody else is told by the store what is not for everybody: the next process has to ask.
  hub.isPublic = true;
  const { listed, open: again } = rig(hub);
  const next = await again().get({ ...REF, revision: COMMIT }, {}, SIGNAL);
  expect([next.status, listed]).toEqual(['MISS', []]);
});

test('of two who ask at once the one that was answered last says who may read it', async () => {
  const { open } = rig({ isPublic: (revision) => revision === 'open' });
  const snapshots = open();
  await snapshots.get({ ...REF, revision: 'closed-before' }, {}, SIGNAL);
  await snapshots.saved();
  const write = store.documents.write.bind(store.documents);
  const told = new EventEmitter();
  const [begun, released] = [once(told, 'begun'), once(told, 'released')];
  // That it became public is being written down while the other looks at what is kept.
  vi.spyOn(store.documents, 'write').mockImplementationOnce(async (...written) => {
    told.emit('begun');
    await released;
    return write(...written);
  });
  const asOpen = snapshots.get({ ...REF, revision: 'open' }, {}, SIGNAL);
  await begun;
  const asClosed = snapshots.get({ ...REF, revision: 'closed' }, {}, SIGNAL);
  await sleep(50);
  told.emit('released');
  await Promise.all([asOpen, asClosed]);
  await snapshots.saved();
  expect((await pinOffline(store, REF, COMMIT))?.isPublic).toBe(false);
});

test('listings of other commits, repositories, kinds and hubs stay apart', () => {
  const listings = new SharedListings();
  const pinned: Pinned = { ref: REF, revision: 'main', commit: COMMIT };
  const held = listings.share({ pinned, files: filesOf(3) });
  const others: readonly Pinned[] = [
    { ...pinned, commit: 'd'.repeat(40) },
    { ...pinned, ref: { ...REF, id: 'org/other' } },
    { ...pinned, ref: { ...REF, kind: 'dataset' } },
    { ...pinned, ref: { ...REF, origin: 'ms' } },
  ];
  for (const other of others) expect(listings.get(other)).toBeUndefined();
  const renamed = { ...pinned, revision: 'v1' };
  expect(listings.share({ pinned: renamed, files: filesOf(3) })).toEqual({ pinned: renamed, files: held.files });
  expect(listings.get(renamed)?.files).toBe(held.files);
});
