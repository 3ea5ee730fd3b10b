import { expect, it } from 'vitest';
import { SluiceError } from '../base/index.js';
import type { Caller, ManifestFile, Snapshot } from '../hubs/index.js';
import { ShownPieces } from './shown-pieces.js';

const GOOD = '1'.repeat(64);
const BAD = '2'.repeat(64);
const AWAY = '3'.repeat(64);
const CALLER = {} as unknown as Caller;
const fileOf = (path: string, sha256: string): ManifestFile => ({ path, sizeBytes: 1, digests: { sha256 } });
const FILES = [fileOf('good', GOOD), fileOf('bad', BAD), fileOf('away', AWAY)];
const SHOWN = { pinned: { ref: { origin: 'hf' }, commit: 'c' }, files: FILES } as unknown as Snapshot;

interface World {
  readonly pieces: ShownPieces;
  readonly refused: Set<string>;
  readonly asked: string[];
  hasPolicy: boolean;
}

/** Every blob is known by itself, every revision by the paths that it was asked about with. */
function setUp(): World {
  const world = { refused: new Set([BAD]), asked: [] as string[], hasPolicy: true };
  const isOut = ({ sha256 }: ManifestFile['digests']): boolean => world.refused.has(sha256 ?? '');
  const pieces = new ShownPieces({
    pieces: {
      ofBlob: (sha256) => Promise.resolve(Buffer.from(sha256)),
      ofRevision: ({ files }) => Promise.resolve(Buffer.from(files.map(({ path }) => path).join(' '))),
    },
    hasPolicy: () => world.hasPolicy,
    isRefused: (digests) => Promise.resolve(isOut(digests)),
    heldAs: ({ digests }) => Promise.resolve(digests.sha256 === AWAY ? undefined : digests.sha256),
    give: (_, { path, digests }) => {
      world.asked.push(path);
      return isOut(digests)
        ? Promise.reject(new SluiceError('REFUSED', { ref: 'hf:acme/tiny', policy: 'house', reason: 'bad' }))
        : Promise.resolve();
    },
  });
  return Object.assign(world, { pieces });
}

const textOf = async (told: Promise<Buffer | undefined>): Promise<string | undefined> => (await told)?.toString();

it('where a policy decides a digest alone tells nothing but what was given, as long as it would be given again', async () => {
  const { pieces, refused, asked } = setUp();
  expect(await pieces.ofBlob(GOOD, CALLER)).toBeUndefined();
  expect(asked).toEqual([]);
  pieces.given(GOOD, SHOWN, fileOf('good', GOOD));
  expect(await textOf(pieces.ofBlob(GOOD, CALLER))).toBe(GOOD);
  expect(await pieces.ofBlob(BAD, CALLER)).toBeUndefined();
  refused.add(GOOD);
  expect(await pieces.ofBlob(GOOD, CALLER)).toBeUndefined();
  expect(asked).toEqual(['good', 'good']);
});

it('of a revision the files are told of that are here and would be given', async () => {
  const { pieces, asked } = setUp();
  expect(await textOf(pieces.ofRevision(SHOWN, CALLER))).toBe('good');
  // What is not here is not brought for that.
  expect(asked.sort()).toEqual(['bad', 'good']);
});

it('without a policy everything is told of that was not refused in the store, and nothing is remembered', async () => {
  const world = setUp();
  world.hasPolicy = false;
  const { pieces, asked } = world;
  pieces.given(GOOD, SHOWN, fileOf('good', GOOD));
  expect(await textOf(pieces.ofBlob(AWAY, CALLER))).toBe(AWAY);
  expect(await pieces.ofBlob(BAD, CALLER)).toBeUndefined();
  expect(await textOf(pieces.ofRevision(SHOWN, CALLER))).toBe('good away');
  world.hasPolicy = true;
  expect(await pieces.ofBlob(GOOD, CALLER)).toBeUndefined();
  expect(asked).toEqual([]);
});

it('forgets what was given longest ago', async () => {
  const { pieces } = setUp();
  const nameOf = (index: number): string => index.toString(16).padStart(64, '0');
  for (let index = 0; index < 4097; index += 1) pieces.given(nameOf(index), SHOWN, fileOf('a', nameOf(index)));
  expect(await pieces.ofBlob(nameOf(0), CALLER)).toBeUndefined();
  expect(await textOf(pieces.ofBlob(nameOf(1), CALLER))).toBe(nameOf(1));
});
