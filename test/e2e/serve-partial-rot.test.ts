import { readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { seededContent } from '../../src/sim/index.js';
import { newMachine } from './harness.js';
import { hub } from './hub.js';
import { startServing } from './serving.js';

const MIB = 2 ** 20;
const CONTENT = seededContent({ seed: 'partial rot', sizeBytes: 40 * MIB });
const AT = 20 * MIB;

/** Bytes of a range; undefined where the answer is cut. */
async function partOf(url: string): Promise<Buffer | undefined> {
  try {
    const answer = await fetch(url, { headers: { range: `bytes=${AT}-${AT + MIB - 1}` } });
    return Buffer.from(await answer.arrayBuffer());
  } catch {
    return undefined;
  }
}

it('a byte that the disk changed in a file that is here in part never reaches a client as success, and is fetched again', async () => {
  const sim = await hub({ repositories: [{ id: 'acme/tiny', files: { 'weights.bin': CONTENT } }] });
  const machine = await newMachine({ HF_ENDPOINT: sim.url });
  const { url, events } = await startServing(machine);
  const address = `${url}/acme/tiny/resolve/main/weights.bin`;
  const right = CONTENT.read(AT, MIB);
  expect((await partOf(address))?.equals(right)).toBe(true);
  const partials = join(machine.home, 'partials');
  const names = (): string[] => readdirSync(partials, { recursive: true, encoding: 'utf8' });
  await expect.poll(() => names().some((name) => name.endsWith('lease')), { timeout: 60_000 }).toBe(false);
  const data = await open(join(partials, names().find((name) => name.endsWith('data')) ?? ''), 'r+');
  await data.write(Buffer.from([(right[77] ?? 0) ^ 1]), 0, 1, AT + 77);
  await data.close();
  // It is cut, or right: never whole and wrong.
  const first = await partOf(address);
  expect(first === undefined || first.equals(right)).toBe(true);
  await expect.poll(async () => (await partOf(address))?.equals(right), { timeout: 60_000 }).toBe(true);
  expect(events().filter(({ type, index }) => type === 'piece.wrong' && index === 20)).toHaveLength(1);
});
