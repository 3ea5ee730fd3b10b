import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { SpareThreads } from './spare-threads.js';

function spareThreads(code: string): SpareThreads {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-threads-'));
  const file = join(folder, 'worker.mjs');
  writeFileSync(file, `import { parentPort, threadId } from 'node:worker_threads';\n${code}`);
  const spare = new SpareThreads(pathToFileURL(file));
  onTestFinished(async () => {
    await spare.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return spare;
}

const ECHO = `parentPort.on('message', (message) => parentPort.postMessage([message, threadId]));`;

async function ask(worker: ReturnType<SpareThreads['take']>, message: string): Promise<unknown> {
  worker.postMessage(message);
  return ((await once(worker, 'message')) as unknown[])[0];
}

test('those that were started ahead are taken first, in order, and each once', async () => {
  const spare = spareThreads(ECHO);
  spare.ahead(2);
  spare.ahead(1);
  const taken = [spare.take(), spare.take(), spare.take()];
  const ids = taken.map(({ threadId }) => threadId);
  expect(ids[1]).toBe((ids[0] ?? 0) + 1);
  expect(await Promise.all(taken.map((worker) => ask(worker, 'hello')))).toEqual(ids.map((id) => ['hello', id]));
  await Promise.all(taken.map((worker) => worker.terminate()));
});

test('closing ends those that nobody took, and those alone; none is started ahead after that', async () => {
  const spare = spareThreads(ECHO);
  spare.ahead(2);
  const taken = spare.take();
  await spare.close();
  expect(await ask(taken, 'still here')).toEqual(['still here', taken.threadId]);
  const before = taken.threadId;
  spare.ahead(3);
  const next = spare.take();
  expect(next.threadId).toBe(before + 2);
  await Promise.all([taken.terminate(), next.terminate()]);
});

test('one that cannot come up ends nothing; whoever takes one is told', async () => {
  const spare = spareThreads(`throw new Error('no thread today');`);
  spare.ahead(1);
  // Until it has failed it is given away, and the failure with it.
  const [error] = (await once(spare.take(), 'error')) as [Error];
  expect(error.message).toBe('no thread today');
});

test('one that failed while nobody had it is not offered', async () => {
  const spare = spareThreads(`throw new Error('no thread today');`);
  spare.ahead(2);
  expect(spare.idle).toBe(2);
  await expect.poll(() => spare.idle).toBe(0);
});
