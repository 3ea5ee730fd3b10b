import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { eventsOf, newMachine, sluice } from './harness.js';
import { hub, isRight, MODEL } from './hub.js';

const MIB = 2 ** 20;
const WEIGHT = 'model-00001-of-00002.safetensors';

/** Ends the first thread that has told of three pieces, whatever its file is called. */
const KILLER = `
const threads = require('node:worker_threads');
const { writeFileSync } = require('node:fs');
if (threads.isMainThread) {
  const { Worker } = threads;
  let isDone = false;
  threads.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      let landed = 0;
      this.on('message', (messages) => {
        landed += [messages].flat().filter((message) => message?.type === 'landed').length;
        if (isDone || landed < 3) return;
        isDone = true;
        writeFileSync(process.env.KILLED, 'yes');
        void this.terminate();
      });
    }
  };
  require('node:module').syncBuiltinESMExports();
}
`;

it('a thread that dies while it carries is noticed: its pieces come by others, and the file is right', async () => {
  const sim = await hub({ network: { totalBytesPerSecond: 12 * MIB } });
  const machine = await newMachine({ HF_ENDPOINT: sim.url });
  const [killer, killed] = [join(machine.root, 'killer.cjs'), join(machine.root, 'killed')];
  await writeFile(killer, KILLER);
  const env = { ...machine.env, NODE_OPTIONS: `--require ${killer}`, KILLED: killed };
  const done = await sluice({ ...machine, env }, 'pull', 'acme/tiny', '--json');
  expect(await readFile(killed, 'utf8')).toBe('yes');
  expect(done.code, done.stderr).toBe(0);
  const ended = eventsOf(done).find(({ type }) => type === 'pull.done');
  expect(await isRight(MODEL, WEIGHT, join(String(ended?.path), WEIGHT))).toBe(true);
  expect((await sluice(machine, 'verify')).code).toBe(0);
});
