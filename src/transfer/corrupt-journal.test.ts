import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { openStore } from '../store/index.js';
import { MIB, makeRig, seededContent, sha256Of, taskOf } from './testing/rig.js';

it('whatever becomes of a journal, the file that comes of it is right', async () => {
  const rig = await makeRig();
  const content = seededContent({ seed: 8, sizeBytes: 8 * MIB + 99 });
  const sim = await rig.sim({ 'big.bin': content }, { network: { totalBytesPerSecond: 20e6 } });
  const task = taskOf('big.bin', content, [sim]);
  const stop = new AbortController();
  const interrupted = expect(rig.pull(task, { signal: stop.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  while (rig.eventsOf('piece.landed').length < 4) await new Promise((resolve) => setTimeout(resolve, 2));
  stop.abort();
  await interrupted;
  sim.setNetwork('clean');
  const partials = join(rig.store.root, 'partials');
  const key = readdirSync(partials)[0] ?? '';
  const journalBytes = statSync(join(partials, key, 'journal')).size;

  const root = mkdtempSync(join(tmpdir(), 'sluice-corrupt-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const harm = fc.record({ at: fc.nat(journalBytes - 1), xor: fc.integer({ min: 1, max: 255 }) });
  const cut = fc.option(fc.nat(journalBytes), { nil: journalBytes });
  await fc.assert(
    fc.asyncProperty(fc.array(harm, { maxLength: 5 }), cut, fc.boolean(), async (harms, length, isZeroed) => {
      const home = mkdtempSync(join(root, 'home-'));
      const store = await openStore(home);
      cpSync(join(partials, key), join(home, 'partials', key), { recursive: true });
      const path = join(home, 'partials', key, 'journal');
      const bytes = readFileSync(path);
      for (const { at, xor } of harms) bytes.writeUInt8(bytes.readUInt8(at) ^ xor, at);
      // Some file systems leave zeroes where data had not reached the disk.
      writeFileSync(path, isZeroed ? bytes.fill(0, length) : bytes.subarray(0, length));
      const result = await rig.pull(task, { store });
      expect(result.sha256).toBe(sha256Of(content));
      rmSync(home, { recursive: true, force: true });
    }),
    { numRuns: 15, endOnFailure: true },
  );
});
