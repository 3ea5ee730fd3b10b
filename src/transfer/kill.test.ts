import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../sim/index.js';
import { compileRooms } from '../proof/testing/compile-rooms.js';
import type { KillOrder } from './testing/kill-child.js';
import { MIB, makeRig, seededContent, sha256Of, taskOf, type Rig } from './testing/rig.js';

/** SLUICE_KILLS=100 is the long form, for CI. */
const KILLS = Number(process.env.SLUICE_KILLS ?? 12);
const SEED = Number(process.env.SLUICE_KILL_SEED ?? 20_261_121);
const CONNECTIONS = 4;
const SIZE_BYTES = 32 * MIB + 4321;

let build: string;
beforeAll(() => {
  const cache = join(import.meta.dirname, '../../node_modules/.cache');
  build = join(cache, `kill-test-${process.pid}`);
  compileRooms(build, ['base', 'net', 'hubs', 'store', 'proof', 'transfer']);
});
afterAll(() => rmSync(build, { recursive: true, force: true }));

/** Runs the child until `isTime` says so, then kill -9. Whether it was killed before it was done. */
async function pullAndKill(order: KillOrder, isTime: () => boolean): Promise<boolean> {
  const script = join(build, 'transfer', 'testing', 'kill-child.js');
  const child = spawn(process.execPath, [script, JSON.stringify(order)], { stdio: ['ignore', 'ignore', 'inherit'] });
  const over = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const watch = setInterval(() => {
    if (isTime()) child.kill('SIGKILL');
  }, 1);
  const [code, signal] = await over;
  clearInterval(watch);
  expect(signal === 'SIGKILL' || code === 0).toBe(true);
  return signal === 'SIGKILL';
}

/** Body bytes that the last child got, the redirects' few included. */
function readCounter(path: string): number {
  if (!existsSync(path)) return 0;
  const count = readFileSync(path);
  rmSync(path);
  return count.length < 8 ? 0 : Number(count.readBigUInt64LE());
}

/** The journal as a crash of the whole machine may leave it. */
function tearJournal(rig: Rig, bytes: number): void {
  const partials = join(rig.store.root, 'partials');
  for (const name of existsSync(partials) ? readdirSync(partials) : []) {
    const journal = join(partials, name, 'journal');
    if (existsSync(journal)) truncateSync(journal, Math.max(0, statSync(journal).size - bytes));
  }
}

it.each([
  ['killed', 0],
  ['killed, and the last record torn', 120],
])(
  `%s at ${KILLS} random moments: the file is right, and little is fetched twice`,
  async (_name, mostTorn) => {
    const rig = await makeRig();
    const random = seededRandom(SEED + mostTorn);
    const counter = join(build, `counter-${mostTorn}`);
    let kills = 0;
    for (let epoch = 0; kills < KILLS; epoch += 1) {
      const content = seededContent({ seed: `${SEED}/${epoch}`, sizeBytes: SIZE_BYTES });
      const sha256 = sha256Of(content);
      const sim = await rig.sim({ 'big.bin': content }, { network: { totalBytesPerSecond: 60e6 } });
      const order = { home: rig.store.root, urls: [sim.url], path: 'big.bin', sizeBytes: SIZE_BYTES, sha256, counter };
      let inEpoch = 0;
      let receivedBytes = 0;
      for (let isKilled = true; isKilled && kills < KILLS;) {
        const untilBytes = sim.sentBytes + Math.floor(random() * 9 * MIB);
        const extraMs = random() * 40;
        let reachedMs: number | undefined;
        isKilled = await pullAndKill({ ...order, connections: CONNECTIONS }, () => {
          if (sim.sentBytes >= untilBytes) reachedMs ??= performance.now();
          return reachedMs !== undefined && performance.now() - reachedMs >= extraMs;
        });
        receivedBytes += readCounter(counter);
        if (isKilled) {
          kills += 1;
          inEpoch += 1;
          if (mostTorn > 0) tearJournal(rig, 1 + Math.floor(random() * mostTorn));
        }
        await rig.assertBlobsRight();
      }
      const result = await rig.pull(taskOf('big.bin', content, [sim]), { connections: CONNECTIONS });
      expect(result.sha256).toBe(sha256);
      expect(await rig.assertBlobsRight()).toContain(sha256);
      // A torn record is one piece more: that one landed, and is not known any more.
      const mayRepeat = inEpoch * (CONNECTIONS + (mostTorn > 0 ? 1 : 0)) * MIB;
      expect(receivedBytes + result.fetchedBytes - SIZE_BYTES).toBeLessThanOrEqual(mayRepeat);
      expect(readdirSync(join(rig.store.root, 'partials'))).toEqual([]);
    }
  },
  20_000 + KILLS * 3000,
);
