import { expect, it } from 'vitest';
import type { Source } from '../hubs/index.js';
import { MIB, makeRig, seededContent, sha256Of, taskOf } from './testing/rig.js';
import { sourceOf } from './testing/source-of.js';

const big = seededContent({ seed: 5, sizeBytes: 24 * MIB + 7 });
const small = seededContent({ seed: 6, sizeBytes: 5000 });
const files = { 'big.bin': big, 'small.bin': small };
const slow = { connectionBytesPerSecond: 2e6, totalBytesPerSecond: 6e6 };

/** A promise and what settles it. */
function later<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}

it('begins without a source that is not known yet, and gives it work once it is', async () => {
  const rig = await makeRig();
  const [first, second] = [await rig.sim(files, { network: slow }), await rig.sim(files)];
  const found = later<readonly Source[]>();
  const task = { ...taskOf('big.bin', big, [first], ['first']), joining: [found.promise] };
  const pulling = rig.pull(task, { noProgressMs: 20_000 });
  while (rig.eventsOf('piece.landed').length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(second.requests).toEqual([]);
  found.resolve([sourceOf(second, 'big.bin', { id: 'second' })]);
  const result = await pulling;
  expect(result.sha256).toBe(sha256Of(big));
  expect(result.pieces.some(({ source }) => source === 'second')).toBe(true);
});

it('lets who joined later take part in finding out what is wrong', async () => {
  const rig = await makeRig();
  const faults = [3, 9, 15].map((at) => ({ fault: { type: 'corrupt', atByte: at * MIB + 5 } as const }));
  const [liar, honest] = [await rig.sim(files, { network: slow, faults }), await rig.sim(files)];
  const found = later<readonly Source[]>();
  const task = { ...taskOf('big.bin', big, [liar], ['liar']), joining: [found.promise] };
  const pulling = rig.pull(task, { noProgressMs: 20_000 });
  while (rig.eventsOf('piece.landed').length < 4) await new Promise((resolve) => setTimeout(resolve, 10));
  found.resolve([sourceOf(honest, 'big.bin', { id: 'honest' })]);
  const result = await pulling;
  expect(result.sha256).toBe(sha256Of(big));
  expect(rig.eventsOf('source.banned').map(({ source }) => source)).toEqual(['liar']);
});

it('waits for nobody who has not joined when the file is whole', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files);
  const open = later<readonly Source[]>();
  const tasks = ['big.bin', 'small.bin'].map((path) => ({
    ...taskOf(path, files[path as keyof typeof files], [sim]),
    joining: [open.promise],
  }));
  const results = await rig.run(tasks);
  expect(results.map(({ sha256 }) => sha256)).toEqual([sha256Of(big), sha256Of(small)]);
});

it('does not give a file up while somebody who has it may still join', async () => {
  const rig = await makeRig();
  const empty = await rig.sim({});
  const full = await rig.sim(files);
  const found = later<readonly Source[]>();
  const tasks = ['big.bin', 'small.bin'].map((path) => ({
    ...taskOf(path, files[path as keyof typeof files], [empty], ['empty']),
    joining: [found.promise.then(() => [sourceOf(full, path, { id: 'full' })])],
  }));
  const pulling = rig.run(tasks);
  while (rig.eventsOf('piece.failed').length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  found.resolve([]);
  const results = await pulling;
  expect(results.map(({ error }) => error)).toEqual([undefined, undefined]);
  expect(results.map(({ pieces }) => new Set(pieces.map(({ source }) => source)))).toEqual([
    new Set(['full']),
    new Set(['full']),
  ]);
});

it.each(['nobody', 'a failure'])('gives up with the error of the first when %s joins', async (kind) => {
  const rig = await makeRig();
  const empty = await rig.sim({});
  const found = later<readonly Source[]>();
  // With one connection, the refusal that is waited for is the last one.
  const pulling = rig.pull({ ...taskOf('big.bin', big, [empty]), joining: [found.promise] }, { connections: 1 });
  while (rig.eventsOf('piece.failed').length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  if (kind === 'nobody') found.resolve([]);
  else found.reject(new Error('no answer'));
  expect((await pulling).error?.code).toBe('FILE_NOT_FOUND');
});

it('lets nobody join a file whose content nothing identifies', async () => {
  const rig = await makeRig();
  const [first, second] = [await rig.sim(files), await rig.sim(files)];
  const task = taskOf('big.bin', big, [first]);
  const joining = [Promise.resolve([sourceOf(second, 'big.bin', { id: 'second' })])];
  const result = await rig.pull({ ...task, digests: {}, validators: { etag: 'x' }, joining });
  expect(second.requests).toEqual([]);
  expect(result.pieces.every(({ source }) => source !== 'second')).toBe(true);
});
