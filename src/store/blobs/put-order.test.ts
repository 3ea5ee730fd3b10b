import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { CALLS_IN_PLACE } from '../files/calls-in-place.js';
import { calls, type FileCalls } from '../files/calls.js';
import { layoutOf } from '../layout.js';
import { openStore } from '../open-store.js';
import { proofOf, temporaryFolder } from '../testing/fixtures.js';
import type { Answer } from '../hands/messages.js';
import { serveJobs } from '../hands/serve-jobs.js';
import { putBytes } from './put-blob.js';

const POOLED: FileCalls = { ...calls };
afterEach(() => {
  Object.assign(calls, POOLED);
});

/** Writes down what is done to files and folders, in the order in which it was over. */
function listen(made: FileCalls): string[] {
  const story: string[] = [];
  Object.assign(calls, {
    ...made,
    open: async (path, flags, mode) => {
      const file = await made.open(path, flags, mode);
      return {
        ...file,
        write: (bytes) => file.write(bytes).then(() => void story.push(`write ${path}`)),
        sync: () => file.sync().then(() => void story.push(`sync ${path}`)),
      };
    },
    rename: (from, to) => made.rename(from, to).then(() => void story.push(`rename ${from} ${to}`)),
  } satisfies FileCalls);
  return story;
}

const BOTH = [
  ['by the pool', POOLED],
  ['in place', CALLS_IN_PLACE],
] as const;

it.each(BOTH)(
  'bytes are durable before their name, and the name before the end, with calls made %s',
  async (_, made) => {
    const root = join(await temporaryFolder(), 'store');
    await openStore(root);
    const layout = layoutOf(root);
    const files = Array.from({ length: 20 }, (_none, index) => Buffer.alloc(index * 500, index));
    const story = listen(made);
    await Promise.all(
      files.map(async (bytes) => {
        const proof = proofOf(bytes);
        await putBytes(layout, bytes, proof);
        const blob = layout.blob(proof.sha256);
        const renamed = story.findIndex((line) => line.startsWith('rename ') && line.endsWith(` ${blob}`));
        const temporary = story[renamed]?.split(' ')[1] ?? 'none';
        expect(dirname(temporary)).toBe(layout.tmp);
        const written = story.indexOf(`write ${temporary}`);
        const synced = story.indexOf(`sync ${temporary}`);
        expect([written >= 0, written < synced, synced < renamed]).toEqual([true, true, true]);
        expect(story.lastIndexOf(`sync ${dirname(blob)}`)).toBeGreaterThan(renamed);
      }),
    );
  },
);

it.each(BOTH)(
  'what hands stored has durable bytes at once, and durable names after a sync, with calls made %s',
  async (_, made) => {
    const root = join(await temporaryFolder(), 'store');
    const store = await openStore(root);
    const layout = layoutOf(root);
    const files = Array.from({ length: 20 }, (_none, index) => Buffer.alloc(index * 500, index));
    const story = listen(made);
    let answered: (answer: Answer) => void = () => undefined;
    const serve = serveJobs(layout, store, (answer) => answered(answer));
    const answers = async (count: number, type: Answer['type']): Promise<void> =>
      new Promise((resolve) => {
        let left = count;
        answered = (answer) => {
          if (answer.type === type && (left -= 1) === 0) resolve();
        };
      });
    const stored = answers(files.length, 'stored');
    for (const [id, bytes] of files.entries()) serve({ type: 'put', id, bytes, promised: {} });
    await stored;
    const blobs = files.map((bytes) => layout.blob(proofOf(bytes).sha256));
    for (const blob of blobs) {
      const renamed = story.findIndex((line) => line.startsWith('rename ') && line.endsWith(` ${blob}`));
      const synced = story.indexOf(`sync ${story[renamed]?.split(' ')[1] ?? 'none'}`);
      expect([synced >= 0, synced < renamed]).toEqual([true, true]);
      expect(story).not.toContain(`sync ${dirname(blob)}`);
    }
    const synced = answers(1, 'synced');
    serve({ type: 'sync', id: 99 });
    await synced;
    for (const blob of blobs) expect(story.filter((line) => line === `sync ${dirname(blob)}`)).toHaveLength(1);
    expect(story).toContain(`sync ${layout.blobs}`);
  },
);
