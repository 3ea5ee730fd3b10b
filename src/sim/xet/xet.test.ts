import fc from 'fast-check';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { joinContent, seededContent, startSim, toContent, wholeContent, type Sim, type XetOptions } from '../index.js';
import { ask } from '../testing/ask.js';
import { askReconstruction, assemble, xetAccess, type Reconstructed } from './testing/xet-reader.js';

const weights = seededContent({ seed: 'weights', sizeBytes: 1_500_000, style: 'bf16' });
const noise = seededContent({ seed: 'noise', sizeBytes: 400_000 });
/** Pieces of the weights, so that its terms reach into their xorbs with gaps between. */
const patchwork = joinContent(
  [900_000, 100_000, 500_000].flatMap((at) => [weights.read(at, 220_000), noise.read(at % 150_000, 90_000)]),
);
const FILES = {
  'config.json': '{}',
  'a/weights.safetensors': weights,
  'noise.bin': noise,
  'patchwork.bin': patchwork,
  'empty.bin': '',
  'short.bin': 'hello world',
};
const NEXT = { ...FILES, 'a/weights.safetensors': joinContent(['changed', weights]) };

const running: Sim[] = [];
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'xet-test-'))));
afterEach(async () => {
  await Promise.all(running.splice(0).map((sim) => sim.stop()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(xet: XetOptions = {}): Promise<Sim> {
  const sim = await startSim({
    repositories: [
      { id: 'acme/model', files: FILES },
      { id: 'acme/other', files: { 'other.bin': 'other bytes' } },
      { id: 'acme/gated', gated: true, tokens: ['hf_ann'], files: { 'secret.bin': 'secret bytes' } },
    ],
    users: { hf_ann: 'ann' },
    xet: { maxXorbBytes: 1_000_000, ...xet },
  });
  running.push(sim);
  return sim;
}

/** Xet hashes by path, as the tree has them. */
async function hashesOf(sim: Sim, id = 'acme/model', revision = 'main'): Promise<Record<string, string>> {
  const { body } = await ask(`${sim.url}/api/models/${id}/tree/${revision}?recursive=true`);
  const entries = JSON.parse(body.toString()) as { path: string; xetHash?: string }[];
  return Object.fromEntries(entries.flatMap(({ path, xetHash }) => (xetHash === undefined ? [] : [[path, xetHash]])));
}

async function reconstructed(sim: Sim, path: string, version = 'v2', range?: string): Promise<Reconstructed> {
  const access = await xetAccess(sim.url, 'acme/model');
  const heard = await askReconstruction(access, (await hashesOf(sim))[path]!, {
    version,
    ...(range === undefined ? {} : { range }),
  });
  expect(heard.status).toBe(200);
  return JSON.parse(heard.body.toString()) as Reconstructed;
}

test('what is stored comes back, in both versions, by single ranges and by several at once', async () => {
  const sim = await start();
  const stored = Object.keys(FILES).filter((path) => path.endsWith('.bin') || path.endsWith('.safetensors'));
  const hashes = await hashesOf(sim);
  expect(Object.keys(hashes).sort()).toEqual(stored.filter((path) => path !== 'empty.bin').sort());
  expect(hashes['short.bin']).toBe('f15edd43b7e85cfd25e2758ffe13b99fdd09dfa817e8d9f6548722a7a126db7f');
  for (const path of Object.keys(hashes)) {
    const expected = wholeContent(toContent(FILES[path as keyof typeof FILES]));
    for (const version of ['v1', 'v2']) {
      const answer = await reconstructed(sim, path, version);
      expect((await assemble(answer)).equals(expected), `${path} ${version}`).toBe(true);
      if (version === 'v2') expect((await assemble(answer, true)).equals(expected), `${path} at once`).toBe(true);
    }
  }
  const gaps = Object.values((await reconstructed(sim, 'patchwork.bin')).xorbs ?? {}).flat();
  expect(gaps.some(({ ranges }) => ranges.length > 1)).toBe(true);
  const xorbs = sim.requests.filter(({ kind }) => kind === 'xorb');
  expect(xorbs.every(({ host, authorization }) => host === 'cdn' && authorization === undefined)).toBe(true);
  expect(sim.leaks).toEqual([]);
});

test('any range of a file comes in whole chunks around it', async () => {
  const sim = await start({ maxXorbBytes: 200_000 });
  const access = await xetAccess(sim.url, 'acme/model');
  const hash = (await hashesOf(sim))['patchwork.bin']!;
  const expected = wholeContent(patchwork);
  await fc.assert(
    fc.asyncProperty(fc.nat(expected.length - 1), fc.nat(expected.length), fc.boolean(), async (start, more, isV2) => {
      const heard = await askReconstruction(access, hash, {
        range: `bytes=${start}-${start + more}`,
        version: isV2 ? 'v2' : 'v1',
      });
      expect(heard.status).toBe(200);
      const bytes = await assemble(JSON.parse(heard.body.toString()) as Reconstructed);
      const length = Math.min(more + 1, expected.length - start);
      expect(bytes.length - length).toBeLessThan(131_072);
      expect(bytes.subarray(0, length).equals(expected.subarray(start, start + length))).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('refuses what lies behind the end, what it does not know and what it does not understand', async () => {
  const sim = await start();
  const access = await xetAccess(sim.url, 'acme/model');
  const hash = (await hashesOf(sim))['short.bin']!;
  const status = async (of: string, range?: string, version = 'v2'): Promise<number> =>
    (await askReconstruction(access, of, range === undefined ? { version } : { version, range })).status;
  expect(await status(hash, 'bytes=10-400')).toBe(200);
  expect(await status(hash, 'bytes=10-')).toBe(200);
  expect([await status(hash, 'bytes=11-400'), await status(hash, 'bytes=11-400', 'v1')]).toEqual([416, 416]);
  expect([await status(hash, 'bytes=5-4'), await status(hash, 'lines=1-2')]).toEqual([400, 400]);
  expect([await status('f'.repeat(64)), await status('none'), await status(hash, undefined, 'v3')]).toEqual([
    404, 400, 404,
  ]);
  expect((await hashesOf(sim, 'acme/other'))['other.bin']).toMatch(/^[0-9a-f]{64}$/);
  expect(await status((await hashesOf(sim, 'acme/other'))['other.bin']!)).toBe(404);
});

test('tokens expire, are for one repository, and gated files need an account', async () => {
  const sim = await start({ tokenLifeMs: 60_000 });
  const hash = (await hashesOf(sim))['short.bin']!;
  const access = await xetAccess(sim.url, 'acme/model');
  expect(access.exp).toBeLessThanOrEqual(Date.now() / 1000 + 60);
  expect((await askReconstruction(access, hash)).status).toBe(200);
  sim.expireXetTokens();
  expect((await askReconstruction(access, hash)).status).toBe(401);
  expect((await askReconstruction({ ...access, accessToken: 'xet_none' }, hash)).status).toBe(401);
  const brief = await start({ tokenLifeMs: 0 });
  expect((await askReconstruction(await xetAccess(brief.url, 'acme/model'), hash)).status).toBe(401);
  expect((await ask(`${sim.url}/api/models/acme/gated/xet-read-token/main`)).status).toBe(401);
  expect((await ask(`${sim.url}/api/models/acme/model/xet-read-token/none`)).status).toBe(404);
  expect((await xetAccess(sim.url, 'acme/gated', 'main', 'hf_ann')).accessToken).toMatch(/^xet_/);
  expect(sim.leaks).toHaveLength(0);
  await askReconstruction({ ...access, accessToken: 'hf_ann' }, hash);
  expect(sim.leaks).toHaveLength(1);
});

test('URLs of xorbs expire and are good for the ranges that were signed', async () => {
  const sim = await start();
  const { xorbs } = await reconstructed(sim, 'patchwork.bin');
  const { url, ranges } = Object.values(xorbs ?? {})
    .flat()
    .find((entry) => entry.ranges.length > 1)!;
  const [first, second] = ranges.map(({ bytes }) => `${bytes.start}-${bytes.end}`);
  const status = async (range: string | undefined, at = url): Promise<number> =>
    (await ask(at, range === undefined ? {} : { range: `bytes=${range}` })).status;
  expect([await status(first), await status(second), await status(`${first},${second}`)]).toEqual([206, 206, 206]);
  expect(await status('0-')).toBe(403);
  expect(await status(undefined)).toBe(403);
  expect(await status(`${ranges[0]!.bytes.start}-${ranges[0]!.bytes.end + 1}`)).toBe(403);
  expect(await status(first, url.replace('Signature=', 'Signature=x'))).toBe(403);
  expect((await ask(url, { range: `bytes=${first}`, authorization: 'Bearer x' })).status).toBe(400);
  sim.expireSignedUrls();
  expect(await status(first)).toBe(403);
  const brief = Object.values((await reconstructed(await start({ urlLifeMs: 0 }), 'short.bin')).xorbs ?? {}).flat()[0]!;
  const { start: from, end } = brief.ranges[0]!.bytes;
  expect((await ask(brief.url, { range: `bytes=${from}-${end}` })).body.toString()).toContain('expired');
  const open = await start({ exactRanges: false });
  const again = Object.values((await reconstructed(open, 'patchwork.bin')).xorbs ?? {}).flat()[0]!;
  expect([await status('0-9', again.url), await status('99999999-', again.url)]).toEqual([206, 416]);
});

test('splits what one URL may be signed for', async () => {
  const sim = await start({ rangesPerUrl: 1 });
  const answer = await reconstructed(sim, 'patchwork.bin');
  expect(Object.values(answer.xorbs ?? {}).some((list) => list.length > 1)).toBe(true);
  expect((await assemble(answer)).equals(wholeContent(patchwork))).toBe(true);
});

test('another server may hold the xorbs', async () => {
  const sim = await start({ xorbsAt: 'http://xorbs.example', folder });
  const { xorbs, terms } = await reconstructed(sim, 'short.bin');
  const { hash } = terms[0]!;
  expect(xorbs![hash]![0]!.url.startsWith(`http://xorbs.example/xorbs/default/${hash}?`)).toBe(true);
  expect(readdirSync(folder)).toContain(`${hash}.auto`);
});

test('an old service has no version 2', async () => {
  const sim = await start({ v2: false });
  const access = await xetAccess(sim.url, 'acme/model');
  const hash = (await hashesOf(sim))['short.bin']!;
  expect((await askReconstruction(access, hash, { version: 'v2' })).status).toBe(404);
  expect((await assemble(await reconstructed(sim, 'short.bin', 'v1'))).toString()).toBe('hello world');
});

test('a revision shares what did not change, and the commit before stays as it was', async () => {
  const sim = await start({ maxXorbBytes: 64 * 1024 * 1024 });
  const before = await reconstructed(sim, 'a/weights.safetensors');
  const old = (await hashesOf(sim))['a/weights.safetensors'];
  sim.update('acme/model', NEXT);
  const after = await reconstructed(sim, 'a/weights.safetensors');
  expect((await hashesOf(sim))['a/weights.safetensors']).not.toBe(old);
  expect((await assemble(after)).equals(wholeContent(NEXT['a/weights.safetensors']))).toBe(true);
  const [first, rest] = after.terms;
  expect([after.terms.length, rest?.hash, rest?.range.end]).toEqual([
    2,
    before.terms[0]?.hash,
    before.terms[0]?.range.end,
  ]);
  expect(first?.range).toEqual({ start: 0, end: 1 });
});

test('resolve leads to the service in headers, and as JSON for who asks for that', async () => {
  const sim = await start();
  const hash = (await hashesOf(sim))['short.bin']!;
  const url = `${sim.url}/acme/model/resolve/main/short.bin`;
  const { status, headers } = await ask(url, {}, { method: 'HEAD' });
  expect([status, headers['x-xet-hash'], headers.link]).toEqual([
    302,
    hash,
    `<${sim.url}/api/models/acme/model/xet-read-token/${sim.commit('acme/model')}>; rel="xet-auth", ` +
      `<${sim.casUrl}/v1/reconstructions/${hash}>; rel="xet-reconstruction-info"`,
  ]);
  const info = await ask(url, { accept: 'application/vnd.xet-fileinfo+json, */*' });
  expect(info.headers['content-type']).toBe('application/vnd.xet-fileinfo+json');
  expect([info.headers['x-linked-size'], info.headers['x-xet-hash']]).toEqual(['11', hash]);
  expect((await ask(`${sim.url}/acme/model/resolve/main/config.json`)).headers['x-xet-hash']).toBeUndefined();
});

test('keeps its xorbs in a folder and does not make them again', async () => {
  const made = await start({ folder });
  const firstCommit = await hashesOf(made);
  made.update('acme/model', NEXT);
  const first = await hashesOf(made);
  await made.stop();
  const files = (): string[] => readdirSync(folder).map((name) => `${name} ${statSync(join(folder, name)).ino}`);
  const before = files();
  const again = await start({ folder });
  again.update('acme/model', NEXT);
  expect(await hashesOf(again)).toEqual(first);
  expect(files()).toEqual(before);
  const answer = await reconstructed(again, 'a/weights.safetensors');
  expect((await assemble(answer)).equals(wholeContent(NEXT['a/weights.safetensors']))).toBe(true);
  await again.stop();
  for (const name of readdirSync(folder)
    .filter((each) => each.endsWith('.auto'))
    .slice(1))
    rmSync(join(folder, name));
  expect(await hashesOf(await start({ folder }))).toEqual(firstCommit);
});
