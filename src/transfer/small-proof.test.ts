import { expect, it } from 'vitest';
import type { FaultRule } from '../sim/index.js';
import { makeRig, seededContent, sha256Of, taskOf } from './testing/rig.js';

const COUNT = 40;
const files = Object.fromEntries(
  Array.from({ length: COUNT }, (_, index) => [
    `${index}.json`,
    seededContent({ seed: `small ${index}`, sizeBytes: 1000 + index }),
  ]),
);
const paths = Object.keys(files);
const corrupt = { type: 'corrupt', atByte: 500 } as const;
const contentOf = (path: string) => files[path]!;

it('small files whose bytes flip once come right from the same source', async () => {
  const rig = await makeRig();
  const faults: FaultRule[] = paths.map((path) => ({
    on: { path: new RegExp(`/${path.replace('.', '\\.')}$`), times: 1 },
    fault: corrupt,
  }));
  const sim = await rig.sim(files, { faults });
  const results = await rig.run(paths.map((path) => taskOf(path, contentOf(path), [sim], ['only'])));
  expect(results.map(({ sha256 }) => sha256)).toEqual(paths.map((path) => sha256Of(contentOf(path))));
  expect(
    rig
      .eventsOf('piece.wrong')
      .map(({ file }) => file)
      .sort(),
  ).toEqual([...paths].sort());
  expect(rig.eventsOf('source.banned')).toEqual([]);
  expect(rig.eventsOf('file.proven')).toHaveLength(COUNT);
  await rig.assertBlobsRight();
});

it('a small file that is wrong twice is given up, where nobody else has it', async () => {
  const rig = await makeRig();
  const sim = await rig.sim(files, { faults: [{ fault: corrupt }] });
  const result = await rig.pull(taskOf('7.json', contentOf('7.json'), [sim], ['only']));
  expect(result.error).toMatchObject({ code: 'DIGEST_MISMATCH' });
  expect(rig.eventsOf('piece.wrong')).toHaveLength(2);
  expect(await rig.assertBlobsRight()).toEqual([]);
});

it('a liar among the sources of small files is banned once it was wrong twice about one, and the others have them all', async () => {
  const rig = await makeRig();
  const liar = await rig.sim(files, { faults: [{ fault: corrupt }] });
  const honest = await rig.sim(files);
  const results = await rig.run(paths.map((path) => taskOf(path, contentOf(path), [liar, honest], ['liar', 'honest'])));
  expect(results.map(({ sha256 }) => sha256)).toEqual(paths.map((path) => sha256Of(contentOf(path))));
  expect(new Set(rig.eventsOf('piece.wrong').map(({ source }) => source))).toEqual(new Set(['liar']));
  expect(rig.eventsOf('source.banned').map(({ source }) => source)).toContain('liar');
  const twice = paths.filter((path) => rig.eventsOf('piece.wrong').filter(({ file }) => file === path).length === 2);
  expect(twice.length).toBeGreaterThan(0);
  expect(new Set(results.flatMap(({ pieces }) => pieces.map(({ source }) => source)))).toEqual(new Set(['honest']));
  await rig.assertBlobsRight();
});
