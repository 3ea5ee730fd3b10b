import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { seededContent, type Sim, type SimOptions } from '../../src/sim/index.js';
import { newMachine } from './harness.js';
import { hub, sha256OfFile } from './hub.js';
import { startServing } from './serving.js';

const MIB = 2 ** 20;
const FILES = { 'weights.bin': seededContent({ seed: 'crowd', sizeBytes: 12 * MIB + 77 }) };
const SIZE = FILES['weights.bin'].sizeBytes;
const PATH = '/acme/crowd/resolve/main/weights.bin';
/** Clients that give up do so after this long without a byte. */
const CLIENT_PATIENCE_MS = 10_000;

const crowdHub = (options: SimOptions = {}): Promise<Sim> =>
  hub({ repositories: [{ id: 'acme/crowd', files: FILES }], ...options });

function sentBytes(sim: Sim): number {
  return sim.requests.filter(({ host }) => host === 'cdn').reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What breaks after its head, the answer tells whoever reads it; the request tells it once more. */
async function answerTo(url: string): Promise<IncomingMessage> {
  const asked = get(url, { agent: false }).on('error', () => undefined);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return answer;
}

/** Reads an answer; gives up as clients do. */
async function digestOf(url: string): Promise<string> {
  const answer = await answerTo(url);
  answer.setTimeout(CLIENT_PATIENCE_MS, () => answer.destroy());
  const hash = createHash('sha256');
  for await (const chunk of answer) hash.update(chunk as Buffer);
  if (!answer.complete) throw new Error('it was cut');
  return hash.digest('hex');
}

/** What becomes of a request whose file does not come: its status and `Retry-After`, or `cut` where bytes were out already. */
async function outcomeOf(url: string): Promise<unknown> {
  const answer = await answerTo(url);
  try {
    await answer.forEach(() => undefined);
  } catch {
    return 'cut';
  }
  return answer.complete ? [answer.statusCode, answer.headers['retry-after']] : 'cut';
}

/** Begins to read and goes away once so much has come. */
async function leaveAfter(url: string, bytes: number): Promise<void> {
  const answer = await answerTo(url);
  let seen = 0;
  for await (const chunk of answer) {
    seen += (chunk as Buffer).length;
    if (seen >= bytes) break;
  }
  answer.destroy();
}

/** Bytes that the mirror took in, as its metrics count them. */
async function takenBytes(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/-/metrics`)).text();
  const counts = [...metrics.matchAll(/^sluice_fetched_bytes_total\{[^}]*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

describe('a file that a hundred clients want at once', () => {
  it('is fetched once, also when who asked first goes away half-way', async () => {
    // The hub's line falls silent half-way until the first has gone, however busy the machine is.
    const sim = await crowdHub({ silentAfterBytes: 6 * MIB });
    const { url } = await startServing(await newMachine({ HF_ENDPOINT: sim.url }));
    const leader = leaveAfter(url + PATH, 64 * 1024);
    const others = Array.from({ length: 100 }, () => digestOf(url + PATH));
    await leader;
    expect(sentBytes(sim)).toBeLessThan(SIZE);
    sim.speak();
    expect(new Set(await Promise.all(others))).toEqual(new Set([sha256OfFile(FILES, 'weights.bin')]));
    expect(await takenBytes(url)).toBe(SIZE);
    // On a machine that is so busy that connections seem silent, what was on their wire comes again.
    expect(sentBytes(sim)).toBeLessThan(SIZE * 1.5);
  });

  it('comes whole to clients that give up after ten seconds, though connections fall silent', async () => {
    const sim = await crowdHub({ network: { totalBytesPerSecond: 40 * MIB } });
    for (const afterBytes of [0, 30_000, 300_000])
      sim.faults.add({ on: { kind: 'cdn', times: 2 }, fault: { type: 'stall', afterBytes } });
    const { url } = await startServing(await newMachine({ HF_ENDPOINT: sim.url }));
    expect(await digestOf(url + PATH)).toBe(sha256OfFile(FILES, 'weights.bin'));
  });

  // The transfer itself would go on trying for an hour.
  it.each([
    ['before its first byte', 0, [503, '1']],
    ['after some bytes', 6 * MIB, 'cut'],
  ] as const)('is not waited for in silence when it is cut again and again %s', async (_, atByte, outcome) => {
    const sim = await crowdHub();
    sim.faults.add({ on: { kind: 'cdn', coversByte: atByte }, fault: { type: 'reset', afterBytes: -1 } });
    const { url } = await startServing(await newMachine({ HF_ENDPOINT: sim.url, SLUICE_NO_PROGRESS: '1h' }));
    expect(await outcomeOf(url + PATH)).toEqual(outcome);
    sim.faults.clear();
    await expect.poll(() => digestOf(url + PATH).catch(() => ''), { timeout: 60_000 }).toBe(sha256OfFile(FILES, 'weights.bin')); // prettier-ignore
  });
});

it('a mirror that is killed while it fills goes on with what had come', async () => {
  // Its end does not come at first: it is not whole when the mirror is killed, on a busy machine either.
  const sim = await crowdHub({ network: { totalBytesPerSecond: 8 * MIB } });
  sim.faults.add({ on: { kind: 'cdn', coversByte: SIZE - 1 }, fault: { type: 'stall', afterBytes: 0 } });
  const machine = await newMachine({ HF_ENDPOINT: sim.url });
  const first = await startServing(machine);
  await leaveAfter(first.url + PATH, 2 * MIB);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const before = sentBytes(sim);
  expect(before).toBeLessThan(SIZE);
  sim.faults.clear();
  const second = await startServing(machine);
  expect(await digestOf(second.url + PATH)).toBe(sha256OfFile(FILES, 'weights.bin'));
  // The first two pieces at least were whole.
  expect(await takenBytes(second.url)).toBeLessThanOrEqual(SIZE - 2 * MIB);
});
