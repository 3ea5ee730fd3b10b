// Simulators for one run of one contestant: fresh ones each time, so that no run meets what another left.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { atEnd } from './closing.mjs';

const ANSWER_MS = 1000;
const running = new Set();
atEnd(() => stopSims([...running]));

/** One per spec; a spec is what `sim-child.mjs` understands. Resolves to [{ url, sha256, child }]. */
export async function startSims(specs) {
  return Promise.all(specs.map(startOne));
}

async function startOne(spec) {
  const child = fork(join(import.meta.dirname, 'sim-child.mjs'));
  running.add(child);
  child.send(spec);
  const { url, sha256 } = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the simulator ended with ${code}`)));
  });
  return { url, sha256, child };
}

/** What they saw: requests, connections, answers by status and by kind. */
export async function askSims(sims) {
  return Promise.all(
    sims.map(async ({ child }) => {
      const answer = new Promise((resolve) => child.once('message', resolve));
      child.send('tell');
      const silence = new Promise((resolve) => setTimeout(resolve, ANSWER_MS).unref());
      return Promise.race([answer, silence]);
    }),
  );
}

export async function stopSims(children) {
  await Promise.all(
    children.map(async (child) => {
      running.delete(child);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const over = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await over;
    }),
  );
}
