import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { seededContent, sha256Of, startSim, wholeContent, type Sim, type SimOptions } from './index.js';

const weights = seededContent({ seed: 7, sizeBytes: 3_000_001 });
const repository = {
  id: 'acme/tiny',
  files: { 'config.json': '{"a":1}', 'sub/notes é.txt': 'odd', 'model.safetensors': weights },
  revisions: [
    { name: 'v1.0', type: 'tag' as const, files: { 'config.json': '{"a":0}' } },
    { name: 'refs/pr/1', type: 'ref' as const, files: { 'config.json': '{"pr":1}' } },
  ],
};

let sim: Sim;
afterEach(() => sim.stop());
const start = async (options: SimOptions = {}): Promise<Sim> =>
  (sim = await startSim({ repositories: [repository], ...options }));

test('lists a commit with the digests that its files have', async () => {
  await start();
  const info = (await (await fetch(`${sim.url}/api/models/acme/tiny`)).json()) as { sha: string };
  expect(info.sha).toBe(sim.commit('acme/tiny'));
  const tree = (await (await fetch(`${sim.url}/api/models/acme/tiny/tree/${info.sha}?recursive=true`)).json()) as {
    path: string;
    oid: string;
    lfs?: { oid: string };
  }[];
  expect(tree.map(({ path }) => path)).toEqual(['sub', 'sub/notes é.txt', 'config.json', 'model.safetensors']);
  expect(tree[2]?.oid).toBe(createHash('sha1').update('blob 7\0{"a":1}').digest('hex'));
  expect(tree[3]?.lfs?.oid).toBe(createHash('sha256').update(wholeContent(weights)).digest('hex'));
});

test('leads to large files by a signed URL on another host, which takes no credentials', async () => {
  await start({ users: { hf_ann: 'ann' } });
  const url = `${sim.url}/acme/tiny/resolve/main/model.safetensors`;
  const answer = await fetch(url, { redirect: 'manual', headers: { authorization: 'Bearer hf_ann' } });
  expect(answer.status).toBe(302);
  expect(answer.headers.get('x-linked-etag')).toBe(`"${sha256Of(weights)}"`);
  expect(answer.headers.get('x-linked-size')).toBe('3000001');
  const location = answer.headers.get('location') ?? '';
  expect(location.startsWith(sim.cdnUrl)).toBe(true);
  const part = await fetch(location, { headers: { range: 'bytes=1000000-1999999' } });
  expect(part.status).toBe(206);
  expect(Buffer.from(await part.arrayBuffer()).equals(weights.read(1_000_000, 1_000_000))).toBe(true);
  expect((await fetch(location, { headers: { authorization: 'Bearer hf_ann' } })).status).toBe(400);
  expect(sim.leaks).toHaveLength(1);
  sim.expireSignedUrls();
  expect((await fetch(location)).status).toBe(403);
});

test('knows revisions by branch, tag, ref, commit and short commit', async () => {
  await start();
  const read = async (revision: string): Promise<string> =>
    (await fetch(`${sim.url}/acme/tiny/resolve/${revision}/config.json`)).text();
  expect(await read('main')).toBe('{"a":1}');
  expect(await read('v1.0')).toBe('{"a":0}');
  expect(await read('refs%2Fpr%2F1')).toBe('{"pr":1}');
  expect(await read(sim.commit('acme/tiny', 'v1.0'))).toBe('{"a":0}');
  expect(await read(sim.commit('acme/tiny', 'v1.0').slice(0, 8))).toBe('{"a":0}');
});

test('speaks ModelScope about the same repository', async () => {
  await start();
  const api = `${sim.url}/api/v1/models/acme/tiny`;
  const listing = (await (await fetch(`${api}/repo/files?Revision=master&Recursive=True`)).json()) as {
    Code: number;
    Data: { Files: { Path: string; Sha256: string; Type: string }[] };
  };
  expect(listing.Code).toBe(200);
  const file = listing.Data.Files.find(({ Path }) => Path === 'model.safetensors');
  expect(file?.Sha256).toBe(sha256Of(weights));
  const bytes = await fetch(`${api}/repo?Revision=master&FilePath=model.safetensors`);
  expect(Buffer.from(await bytes.arrayBuffer()).equals(wholeContent(weights))).toBe(true);
});
