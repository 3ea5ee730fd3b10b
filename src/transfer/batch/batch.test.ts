import { expect, it } from 'vitest';
import type { Sim } from '../../sim/index.js';
import { makeRig, seededContent, sha256Of, taskOf, type Rig } from '../testing/rig.js';

const COUNT = 120;
const files = Object.fromEntries(
  Array.from({ length: COUNT }, (_, index) => [
    `part/${index % 7}/${index}.json`,
    seededContent({ seed: `batch ${index}`, sizeBytes: 1 + index * 700 }),
  ]),
);
const paths = Object.keys(files);
const contentOf = (path: string) => files[path]!;
const rightOnes = paths.map((path) => sha256Of(contentOf(path)));
const tasksFrom = (sims: readonly Sim[], ids: readonly string[]) =>
  paths.map((path) => taskOf(path, contentOf(path), sims, ids));
const sent = (sim: Sim, path: string): number => sim.requests.filter((request) => request.url.includes(path)).length;

/** Every file began once, and each that came was proven once, after it landed. */
function expectToldOnce(rig: Rig, proven: readonly string[]): void {
  const filesOf = (type: 'file.started' | 'piece.landed' | 'file.proven'): string[] =>
    rig.eventsOf(type).map(({ file }) => file);
  expect(filesOf('file.started').sort()).toEqual([...paths].sort());
  expect(filesOf('piece.landed').sort()).toEqual([...proven].sort());
  expect(filesOf('file.proven').sort()).toEqual([...proven].sort());
}

it('many small files come by one request each, and are told of as each by itself', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files);
  const results = await rig.run(tasksFrom([sim], ['only']));
  expect(results.map(({ sha256 }) => sha256)).toEqual(rightOnes);
  expect(sim.requests.filter(({ kind }) => kind === 'resolve')).toHaveLength(COUNT);
  expectToldOnce(rig, paths);
  expect(results.map(({ fetchedBytes }) => fetchedBytes)).toEqual(paths.map((path) => contentOf(path).sizeBytes));
  expect(results.every(({ pieces }) => pieces.length === 1 && pieces[0]?.source === 'only')).toBe(true);
  const last = rig.eventsOf('progress').at(-1);
  expect(last).toMatchObject({ filesDone: COUNT, filesTotal: COUNT, doneBytes: last?.totalBytes });
  expect((await rig.assertBlobsRight()).sort()).toEqual([...rightOnes].sort());
});

it('one that is always wrong, one that is not there, and one of another size fail by themselves', async () => {
  const rig = await makeRig();
  const [wrong, missing, longer] = [paths[20]!, paths[40]!, paths[60]!];
  const sim = await rig.sim(files, {
    faults: [
      { on: { path: new RegExp(`/${wrong}$`) }, fault: { type: 'corrupt', atByte: 100 } },
      { on: { path: new RegExp(`/${missing}$`) }, fault: { type: 'status', status: 404 } },
      {
        on: { path: new RegExp(`/${longer}$`) },
        fault: { type: 'body', content: 'x'.repeat(100_000), contentType: 'text/plain' },
      },
    ],
  });
  const results = await rig.run(tasksFrom([sim], ['only']));
  const failed = new Map(results.flatMap(({ task, error }) => (error === undefined ? [] : [[task.path, error.code]])));
  expect(failed).toEqual(
    new Map([
      [wrong, 'DIGEST_MISMATCH'],
      [missing, 'FILE_NOT_FOUND'],
      [longer, 'SIZE_MISMATCH'],
    ]),
  );
  expect(rig.eventsOf('piece.wrong').map(({ file }) => file)).toEqual([wrong, wrong]);
  expectToldOnce(
    rig,
    paths.filter((path) => !failed.has(path)),
  );
  expect(await rig.assertBlobsRight()).toHaveLength(COUNT - 3);
});

it('a host that counts requests is asked again when it said, and every file comes', async () => {
  const rig = await makeRig();
  const fault = { type: 'rate-limit', requests: 30, windowMs: 700, tell: 'seconds' } as const;
  const sim = await rig.sim(files, { faults: [{ on: { kind: 'resolve' }, fault }] });
  const results = await rig.run(tasksFrom([sim], ['only']), { noProgressMs: 30_000 });
  expect(results.map(({ error, sha256 }) => error?.message ?? sha256)).toEqual(rightOnes);
  // Each order that was under way may run into the first refusal of a window.
  const refused = sim.requests.filter(({ status }) => status === 429).length;
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThan(COUNT / 2);
  expect(rig.eventsOf('source.waiting').length).toBeGreaterThan(0);
}, 30_000);

it('answers that break, or are of servers that cannot just now, are asked for again', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files, {
    faults: [
      { on: { kind: 'resolve', every: 9, times: 6 }, fault: { type: 'reset', afterBytes: 100 } },
      { on: { kind: 'resolve', every: 11, times: 4 }, fault: { type: 'status', status: 503 } },
    ],
  });
  const results = await rig.run(tasksFrom([sim], ['only']), { noProgressMs: 30_000 });
  expect(results.map(({ error, sha256 }) => error?.message ?? sha256)).toEqual(rightOnes);
  const retried = results.flatMap(({ pieces }) => pieces.filter(({ retries }) => retries > 0));
  expect(retried.length).toBeGreaterThan(0);
  expect(new Set(retried.map(({ reason }) => reason))).toEqual(new Set(['RESET', 'SERVER_ERROR']));
  expectToldOnce(rig, paths);
}, 30_000);

it('when a source dies, another one that has the files gives them', async () => {
  const rig = await makeRig();
  const dying = await rig.sim(files, { faults: [{ on: { skip: 25 }, fault: { type: 'reset', afterBytes: -1 } }] });
  const other = await rig.sim(files);
  const results = await rig.run(tasksFrom([dying, other], ['dying', 'other']), { noProgressMs: 30_000 });
  expect(results.map(({ error, sha256 }) => error?.message ?? sha256)).toEqual(rightOnes);
  const from = results.flatMap(({ pieces }) => pieces.map(({ source }) => source));
  expect(new Set(from)).toEqual(new Set(['dying', 'other']));
}, 30_000);

it('a source that has none of them is left after a few, and asked for each at most twice', async () => {
  const rig = await makeRig();
  const empty = await rig.sim(files, { faults: [{ fault: { type: 'status', status: 404 } }] });
  const other = await rig.sim(files);
  const results = await rig.run(tasksFrom([empty, other], ['empty', 'other']));
  expect(results.map(({ error, sha256 }) => error?.message ?? sha256)).toEqual(rightOnes);
  expect(Math.max(...paths.map((path) => sent(empty, path)))).toBeLessThanOrEqual(2);
});

it('an interruption keeps what came, and the next time only the rest is asked for', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files, { network: { totalBytesPerSecond: 1_500_000 } });
  const ending = new AbortController();
  const running = rig.run(tasksFrom([sim], ['only']), { signal: ending.signal });
  await expect.poll(() => rig.eventsOf('file.proven').length).toBeGreaterThan(10);
  ending.abort();
  await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
  const kept = await rig.assertBlobsRight();
  expect(kept.length).toBeGreaterThan(10);
  expect(kept.length).toBeLessThan(COUNT);
  const before = sim.requests.length;
  const results = await rig.run(tasksFrom([sim], ['only']));
  expect(results.map(({ sha256 }) => sha256)).toEqual(rightOnes);
  expect(sim.requests.length - before).toBe(COUNT - kept.length);
});

it('who joins while they come brings some of them', async () => {
  const rig = await makeRig();
  const slow = await rig.sim(files, { network: { totalBytesPerSecond: 300_000 } });
  const joining = await rig.sim(files);
  const [mine, theirs] = [tasksFrom([slow], ['slow']), tasksFrom([joining], ['joining'])];
  const tasks = mine.map((task, index) => ({ ...task, joining: [Promise.resolve(theirs[index]!.sources)] }));
  const results = await rig.run(tasks);
  expect(results.map(({ sha256 }) => sha256)).toEqual(rightOnes);
  const from = results.flatMap(({ pieces }) => pieces.map(({ source }) => source));
  expect(from.filter((source) => source === 'joining').length).toBeGreaterThan(COUNT / 4);
});

it('what several tasks want comes once, to all of them', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files);
  const tasks = [
    ...tasksFrom([sim], ['only']),
    ...tasksFrom([sim], ['only']).map((task) => ({ ...task, path: `copy/${task.path}` })),
  ];
  const results = await rig.run(tasks);
  expect(results.map(({ sha256 }) => sha256)).toEqual([...rightOnes, ...rightOnes]);
  expect(sim.requests.filter(({ kind }) => kind === 'resolve')).toHaveLength(COUNT);
});
