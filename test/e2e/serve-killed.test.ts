import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { seededContent, type RouteKind } from '../../src/sim/index.js';
import { newMachine, type Machine } from './harness.js';
import { hub } from './hub.js';
import { packageOrigin } from './package-origin.js';
import { startServing } from './serving.js';

const MIB = 2 ** 20;
const SIZE = 12 * MIB + 77;
const BIG = seededContent({ seed: 'killed', sizeBytes: SIZE, style: 'bf16' }).read(0, SIZE);
const WHOLE = seededContent({ seed: 'whole', sizeBytes: 2 * MIB }).read(0, 2 * MIB);
const FILES = { 'whole.bin': WHOLE, 'big.bin': BIG };
/** Of `BIG` everything comes but the piece with this byte, whoever fetches what and when. */
const WITHHELD = 10 * MIB;
const OLLAMA = { 'user-agent': 'ollama/0.12.0 (amd64 linux) Go/go1.24.1' };

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** One protocol of a mirror, by which two files are had. */
interface Way {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where clients of it find a file. */
  readonly find: (url: string, name: 'whole' | 'big') => Promise<string> | string;
  /** Bytes of files that the upstream has sent. */
  readonly sentBytes: () => number;
  /** The upstream gives what it withheld too. */
  readonly speak: () => void;
}

/** Also where a file is had from that another hub has: a mirror finds it at ModelScope, sooner or later. */
const PLAIN: readonly RouteKind[] = ['cdn', 'ms-download'];

async function ofHub(kinds: readonly RouteKind[], only: boolean, find: Way['find']): Promise<Way> {
  const sim = await hub({
    repositories: [{ id: 'acme/tiny', files: FILES }],
    network: { totalBytesPerSecond: 40 * MIB },
    ...(only ? { xet: { isOnlyWay: true, maxXorbBytes: 4 * MIB, compression: 'none' } } : {}),
  });
  const xorb = only ? sim.xetPlace('acme/tiny', 'big.bin', WITHHELD) : undefined;
  const withheld = [sim.faults.add({ on: { kind: PLAIN }, fault: { type: 'withhold', atByte: WITHHELD } })];
  if (xorb !== undefined)
    withheld.push(
      sim.faults.add({
        on: { kind: 'xorb', path: new RegExp(xorb.xorb) },
        fault: { type: 'withhold', atByte: xorb.offset },
      }),
    );
  const sentBytes = (): number =>
    sim.requests.reduce((sum, { kind, bytes }) => sum + (kinds.includes(kind) ? bytes : 0), 0);
  const env = { HF_ENDPOINT: sim.url, MODELSCOPE_ENDPOINT: sim.url };
  return { args: [], env, find, sentBytes, speak: () => withheld.forEach((each) => each.remove()) };
}

async function ofPackages(args: (url: string) => readonly string[], find: Way['find'], headers = {}): Promise<Way> {
  const { url, sentBytes, speak } = await packageOrigin({ whole: WHOLE, big: BIG }, { name: 'big', atByte: WITHHELD });
  return { args: args(url), find, headers, sentBytes, speak };
}

const resolved: Way['find'] = (url, name) => `${url}/acme/tiny/resolve/main/${name}.bin`;
const layer: Way['find'] = (url, name) => `${url}/v2/acme/model/blobs/sha256:${hashOf(name === 'big' ? BIG : WHOLE)}`;
const site =
  (kind: string) =>
  (url: string): readonly string[] => ['--site', `up=${kind}:${url}`];

async function wheel(url: string, name: string): Promise<string> {
  const page = `${url}/-/up/simple/${name}/`;
  const text = await (await fetch(page)).text();
  return new URL(/href="([^"#]+)/.exec(text)?.[1] ?? '', page).href;
}

const WAYS: Readonly<Record<string, () => Promise<Way>>> = {
  'Hugging Face': () => ofHub(['cdn'], false, resolved),
  'a hub that has it in chunks of Xet only': () => ofHub(['xorb'], true, resolved),
  ModelScope: () =>
    ofHub(['ms-download', 'cdn'], false, (url, name) => `${url}/api/v1/models/acme/tiny/repo?Revision=master&FilePath=${name}.bin`), // prettier-ignore
  'a registry': () => ofPackages((url) => ['--registry', `docker.io=${url}`], layer),
  'a registry, for Ollama': () => ofPackages((url) => ['--registry', `ollama=${url}`], layer, OLLAMA),
  'an index of Python packages': () => ofPackages(site('pypi'), wheel),
  'an index of npm packages': () => ofPackages(site('npm'), (url, name) => `${url}/-/up/${name}/-/${name}-1.0.0.tgz`),
  'an archive of Debian packages': () => ofPackages(site('debian'), (url, name) => `${url}/-/up/pool/${name}_1_all.deb`), // prettier-ignore
  'plain files': () => ofPackages(site('files'), (url, name) => `${url}/-/up/${name}.bin`),
};

async function answerTo(url: string, headers = {}): Promise<IncomingMessage> {
  const asked = get(url, { agent: false, headers }).on('error', () => undefined);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return answer;
}

/** Status of the cache and digest of what came; what is cut is none. */
async function read(url: string, headers = {}): Promise<readonly [unknown, string]> {
  const answer = await answerTo(url, headers);
  const hash = createHash('sha256');
  for await (const chunk of answer) hash.update(chunk as Buffer);
  return [answer.headers['x-cache-status'], hash.digest('hex')];
}

/** Bytes that a mirror took in, as its metrics count them. */
async function takenBytes(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/-/metrics`)).text();
  const counts = [...metrics.matchAll(/^sluice_fetched_bytes_total\{[^}]*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** A mirror that has `whole` and was killed while `big` came in. */
async function killedWhile({ args, env, find, headers, speak }: Way): Promise<Machine> {
  const machine = await newMachine(env);
  const { url, child } = await startServing(machine, ...args);
  const cacheOf = async (): Promise<unknown> => (await read(await find(url, 'whole'), headers))[0];
  await expect.poll(cacheOf, { timeout: 30_000 }).toBe('HIT');
  const had = await takenBytes(url);
  const left = read(await find(url, 'big'), headers).catch(() => 'cut');
  const taken = async (): Promise<number> => (await takenBytes(url)) - had;
  await expect.poll(taken, { timeout: 30_000 }).toBeGreaterThan(8 * MIB);
  child.kill('SIGKILL');
  expect(await left).toBe('cut');
  speak();
  return machine;
}

it.each(Object.keys(WAYS))(
  'a mirror of %s that is killed while it fills has what was whole, and goes on with what was not',
  async (name) => {
    const way = await WAYS[name]?.();
    if (way === undefined) throw new Error(name);
    const { args, find, headers, sentBytes } = way;
    const { url } = await startServing(await killedWhile(way), ...args);
    const before = sentBytes();
    expect(await read(await find(url, 'whole'), headers)).toEqual(['HIT', hashOf(WHOLE)]);
    // Of what nobody says what it is, one byte is looked at.
    expect(sentBytes() - before).toBeLessThanOrEqual(1);
    expect(await takenBytes(url)).toBe(0);
    expect((await read(await find(url, 'big'), headers))[1]).toBe(hashOf(BIG));
    // Half of what had come at least was kept; on a busy machine some of what is on its way comes twice.
    expect(await takenBytes(url)).toBeLessThanOrEqual(SIZE - 2 * MIB);
    expect(sentBytes() - before).toBeLessThan(SIZE);
  },
  60_000,
);

const CUT = 'cut short';
/** What may become of the part of a file in a copy, beside links, times and attributes that it does not take along. */
const COPIES: Readonly<Record<string, (data: string, folder: string) => void>> = {
  'as it was': () => undefined,
  [CUT]: (data) => truncateSync(data, 3 * MIB),
  'with its holes filled': (data) => writeFileSync(data, readFileSync(data)),
  'without its bytes': (data) => rmSync(data),
  'without what is known of it': (data, folder) => {
    for (const name of readdirSync(folder)) if (join(folder, name) !== data) rmSync(join(folder, name), { recursive: true }); // prettier-ignore
  },
};
it.each([
  ...['Hugging Face', 'plain files'].flatMap((name) => Object.keys(COPIES).map((how) => [name, how] as const)),
  ...['a hub that has it in chunks of Xet only', 'a registry'].map((name) => [name, CUT] as const),
])(
  'a copy of the store of a mirror of %s, with the part of a file %s, gives that file right',
  async (name, how) => {
    const way = await WAYS[name]?.();
    if (way === undefined) throw new Error(name);
    const { args, find, headers } = way;
    const killed = await killedWhile(way);
    const copy = await newMachine(way.env);
    cpSync(killed.home, copy.home, { recursive: true });
    const partials = join(copy.home, 'partials');
    const datas = readdirSync(partials, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('data'));
    expect(datas).toHaveLength(1);
    for (const data of datas) COPIES[how]?.(join(partials, data), dirname(join(partials, data)));
    const { url } = await startServing(copy, ...args);
    expect((await read(await find(url, 'whole'), headers))[1]).toBe(hashOf(WHOLE));
    const address = await find(url, 'big');
    const seen: string[] = [];
    const next = async (): Promise<string | undefined> => {
      seen.push((await read(address, headers).catch(() => ['', 'cut'] as const))[1]);
      return seen.at(-1);
    };
    // Where bytes turn out wrong that were given out, that answer is cut, and a later one is right.
    await expect.poll(next, { timeout: 60_000 }).toBe(hashOf(BIG));
    expect(seen.slice(0, -1).filter((each) => each !== 'cut')).toEqual([]);
  },
  90_000,
);
