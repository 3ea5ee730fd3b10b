import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { seededContent } from '../../src/sim/index.js';
import { newMachine, type Machine } from './harness.js';
import { hub, MODEL, sha256OfFile } from './hub.js';
import { digestOf, startRegistry } from './registry.js';
import { startServing, type Serving } from './serving.js';

const WEIGHT = 'model-00002-of-00002.safetensors';
const SIZE = 3_000_000;
const BYTES = seededContent({ seed: 'flip', sizeBytes: SIZE }).read(0, SIZE);
const SHA256 = createHash('sha256').update(BYTES).digest('hex');

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

/** One protocol of a mirror, by which one file is had. */
interface Way {
  readonly machine: Machine;
  readonly serving: Serving;
  readonly sha256: string;
  /** All bytes of the file; rejects where the answer is none, or does not end. */
  readonly read: () => Promise<Buffer>;
  /** Whether the upstream sends a byte wrong. */
  readonly spoil: (isSpoilt: boolean) => void;
  /** Requests for bytes that the upstream has had. */
  readonly fetched: () => number;
}

async function bytesOf(url: string, init: RequestInit = {}): Promise<Buffer> {
  const answer = await fetch(url, init);
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (!answer.ok) throw new Error(`${answer.status}`);
  return bytes;
}

async function huggingFace(xet: boolean): Promise<Way> {
  const sim = await hub({ xet: {} });
  const machine = await newMachine({ HF_ENDPOINT: sim.url });
  const serving = await startServing(machine);
  const atByte = 5_000_000;
  const spoil = (isSpoilt: boolean): void => {
    sim.faults.clear();
    if (isSpoilt) sim.faults.add({ on: { kind: 'cdn', coversByte: atByte }, fault: { type: 'corrupt', atByte } });
  };
  const read = xet ? () => readByXet(serving.url) : () => bytesOf(`${serving.url}/acme/tiny/resolve/main/${WEIGHT}`);
  const fetched = (): number => sim.requests.filter(({ kind }) => kind === 'cdn').length;
  return { machine, serving, sha256: sha256OfFile(MODEL, WEIGHT), read, spoil, fetched };
}

/** As a client of Xet reads: every xorb of the plan, without the headers of its chunks. */
async function readByXet(url: string): Promise<Buffer> {
  const json = async (at: string, init?: RequestInit): Promise<unknown> =>
    JSON.parse((await bytesOf(at, init)).toString());
  const tree = (await json(`${url}/api/models/acme/tiny/tree/main`)) as { path: string; xetHash: string }[];
  const id = tree.find(({ path }) => path === WEIGHT)?.xetHash ?? '';
  const given = (await json(`${url}/api/models/acme/tiny/xet-read-token/main`)) as Record<string, string>;
  const headers = { authorization: `Bearer ${given.accessToken ?? ''}` };
  const plan = (await json(`${given.casUrl ?? ''}/v1/reconstructions/${id}`, { headers })) as {
    terms: { hash: string }[];
    fetch_info: Record<string, { url: string; url_range: { start: number; end: number } }[]>;
  };
  const parts: Buffer[] = [];
  for (const { hash } of plan.terms) {
    const [info] = plan.fetch_info[hash] ?? [];
    const range = `bytes=${info?.url_range.start ?? 0}-${info?.url_range.end ?? 0}`;
    const stored = await bytesOf(info?.url ?? '', { headers: { range } });
    for (let at = 0; at < stored.length; at += 8 + stored.readUIntLE(at + 1, 3))
      parts.push(stored.subarray(at + 8, at + 8 + stored.readUIntLE(at + 1, 3)));
  }
  return Buffer.concat(parts);
}

async function registry(): Promise<Way> {
  const upstream = await startRegistry('acme/model', {}, [BYTES]);
  const machine = await newMachine();
  const serving = await startServing(machine, '--registry', `docker.io=${upstream.url}`);
  const read = (): Promise<Buffer> => bytesOf(`${serving.url}/v2/acme/model/blobs/${digestOf(BYTES)}`);
  return {
    machine,
    serving,
    sha256: SHA256,
    read,
    spoil: (isSpoilt) => upstream.spoil(isSpoilt),
    fetched: () => upstream.served.length,
  };
}

async function site(): Promise<Way> {
  const state = { isSpoilt: false, fetched: 0 };
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/simple/') === true) {
      response.setHeader('content-type', 'text/html');
      return void response.end(`<a href="/packages/a-1-py3-none-any.whl#sha256=${SHA256}">a</a>`);
    }
    if (request.method === 'GET') state.fetched += 1;
    const bytes = Buffer.from(BYTES);
    if (state.isSpoilt) bytes.writeUInt8(bytes.readUInt8(SIZE / 2) ^ 1, SIZE / 2);
    const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const end = to === '' ? SIZE : Math.min(SIZE, Number(to) + 1);
    const range = { 'content-range': `bytes ${from}-${end - 1}/${SIZE}` };
    const part = bytes.subarray(Number(from), end);
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      'content-length': part.length,
      'accept-ranges': 'bytes',
      ...(request.headers.range === undefined ? {} : range),
    });
    response.end(request.method === 'HEAD' ? undefined : part);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const machine = await newMachine();
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const serving = await startServing(machine, '--site', `py=pypi:${base}`);
  const read = async (): Promise<Buffer> => {
    const page = (await bytesOf(`${serving.url}/-/py/simple/a/`)).toString();
    const href = /href="([^"#]+)/.exec(page)?.[1] ?? '';
    return bytesOf(new URL(href, `${serving.url}/-/py/simple/a/`).href);
  };
  const spoil = (isSpoilt: boolean): void => void (state.isSpoilt = isSpoilt);
  return { machine, serving, sha256: SHA256, read, spoil, fetched: () => state.fetched };
}

const WAYS: readonly (readonly [string, () => Promise<Way>])[] = [
  ['Hugging Face', () => huggingFace(false)],
  ['Xet', () => huggingFace(true)],
  ['a registry', registry],
  ['an index of packages', site],
];

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Reads until it succeeds; whatever ends like a success is right. */
async function readAtLast({ read, sha256 }: Way): Promise<void> {
  await expect
    .poll(
      async () => {
        const bytes = await read().catch(() => undefined);
        if (bytes !== undefined) expect(hashOf(bytes)).toBe(sha256);
        return bytes !== undefined;
      },
      { timeout: 60_000, interval: 200 },
    )
    .toBe(true);
}

describe.each(WAYS)('a byte that is wrong, by way of %s', (_, make) => {
  it('at the upstream never arrives as a success; the file comes as soon as the upstream is right, and the log says so', async () => {
    const way = await make();
    way.spoil(true);
    await expect(way.read()).rejects.toThrow();
    await expect.poll(() => way.serving.events().some(({ code }) => code === 'DIGEST_MISMATCH')).toBe(true);
    way.spoil(false);
    await readAtLast(way);
  });

  it('on our disk never arrives as a success; it is found, fetched again, and the log says so', async () => {
    const way = await make();
    await readAtLast(way);
    await untilKept(way);
    const before = way.fetched();
    await flipOnDisk(way);
    await readAtLast(way);
    expect(way.fetched()).toBeGreaterThan(before);
    const said = way.serving.events().map(({ message }) => String(message));
    expect(said.some((text) => text.includes(`${way.sha256} has changed on the disk`))).toBe(true);
  });

  it('on our disk, in a file that looks untouched, never arrives as a success; it is found before it goes out, fetched again, and the log says where', async () => {
    const way = await make();
    await readAtLast(way);
    await untilKept(way);
    const before = way.fetched();
    await rotOnDisk(way);
    // Several at once go out by way of carriers too.
    const reads = await Promise.allSettled(Array.from({ length: 8 }, () => way.read()));
    expect(reads.some(({ status }) => status === 'rejected')).toBe(true);
    for (const read of reads) if (read.status === 'fulfilled') expect(hashOf(read.value)).toBe(way.sha256);
    await readAtLast(way);
    expect(way.fetched()).toBeGreaterThan(before);
    const said = way.serving.events().map(({ message }) => String(message));
    expect(said.some((text) => text.includes(`${way.sha256} is wrong on the disk from about byte`))).toBe(true);
  });
});

/** Its last byte goes out when it is proven; it gets its name a little later. */
async function untilKept({ serving }: Way): Promise<void> {
  await expect.poll(() => serving.events().some(({ type }) => type === 'file.proven'), { timeout: 60_000 }).toBe(true);
}

function blobOf({ machine, sha256 }: Way): string {
  const blobs = join(machine.home, 'blobs');
  const names = readdirSync(blobs, { recursive: true, encoding: 'utf8' });
  return join(blobs, names.find((name) => name.endsWith(sha256)) ?? 'none');
}

/** As a disk does that forgets a bit: size, modification time and inode stay. */
async function rotOnDisk(way: Way): Promise<void> {
  const blob = blobOf(way);
  const { mtimeNs } = statSync(blob, { bigint: true });
  const keeper = `${blob}.times`;
  execFileSync('touch', ['-r', blob, keeper]);
  await flipOnDisk(way);
  execFileSync('touch', ['-r', keeper, blob]);
  rmSync(keeper);
  expect(statSync(blob, { bigint: true })).toMatchObject({ mtimeNs });
}

/** Changes a byte of the blob where it stands. */
async function flipOnDisk(way: Way): Promise<void> {
  const { sha256 } = way;
  const blob = blobOf(way);
  const at = 1_500_000;
  const bytes = await readFile(blob);
  expect(hashOf(bytes)).toBe(sha256);
  const file = await open(blob, 'r+');
  await file.write(Buffer.from([bytes.readUInt8(at) ^ 1]), 0, 1, at);
  await file.close();
}
