import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newMachine } from './harness.js';
import { hub, MODEL, sha256OfFile } from './hub.js';
import { startServing } from './serving.js';

const WEIGHT = 'model-00001-of-00002.safetensors';

interface Envelope<T> {
  readonly Code: number;
  readonly Success: boolean;
  readonly Data: T;
}

async function dataOf<T>(url: string): Promise<T> {
  const { Code, Success, Data } = (await (await fetch(url)).json()) as Envelope<T>;
  expect([Code, Success]).toEqual([200, true]);
  return Data;
}

async function sha256At(url: string): Promise<{ readonly status: string | null; readonly sha256: string }> {
  const answer = await fetch(url);
  const sha256 = createHash('sha256')
    .update(Buffer.from(await answer.arrayBuffer()))
    .digest('hex');
  return { status: answer.headers.get('x-cache-status'), sha256 };
}

describe('a mirror of ModelScope', () => {
  it('lists and gives what its hub has, by ranges too', async () => {
    const sim = await hub();
    const { url } = await startServing(await newMachine({ MODELSCOPE_ENDPOINT: sim.url, HF_ENDPOINT: sim.url }));
    const api = `${url}/api/v1/models/acme/tiny`;
    const listing = await dataOf<{ Files: { Type: string; Path: string; Sha256: string; Size: number }[] }>(
      `${api}/repo/files?Revision=master&Recursive=True`,
    );
    const files = listing.Files.filter(({ Type }) => Type === 'blob');
    expect(files.map(({ Path }) => Path).sort()).toEqual(Object.keys(MODEL).sort());
    expect(files.find(({ Path }) => Path === WEIGHT)?.Sha256).toBe(sha256OfFile(MODEL, WEIGHT));
    expect(listing.Files.filter(({ Type }) => Type === 'tree').map(({ Path }) => Path)).toContain('tokenizer');
    const below = await dataOf<{ Files: { Path: string }[] }>(`${api}/repo/files?Revision=master&Root=tokenizer`);
    expect(below.Files.map(({ Path }) => Path)).toEqual(['tokenizer/vocab.txt']);
    const odd = 'folder with space/名前 [1] #2.json';
    const fileAt = (path: string) => `${api}/repo?Revision=master&FilePath=${encodeURIComponent(path)}`;
    expect((await sha256At(fileAt(odd))).sha256).toBe(sha256OfFile(MODEL, odd));
    expect((await sha256At(fileAt(WEIGHT))).sha256).toBe(sha256OfFile(MODEL, WEIGHT));
    const part = await fetch(fileAt(WEIGHT), { headers: { range: 'bytes=0-15' } });
    expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 16]);
  });

  it('answers what clients ask besides, and says what is not there', async () => {
    const sim = await hub();
    const { url } = await startServing(await newMachine({ MODELSCOPE_ENDPOINT: sim.url }));
    expect(await dataOf(`${url}/api/v1/repos/internalAccelerationInfo`)).toEqual({ InternalRegionQueryAddress: '' });
    const login = await fetch(`${url}/api/v1/login`, { method: 'POST', body: JSON.stringify({ AccessToken: 'abc' }) });
    expect(login.headers.get('set-cookie')).toMatch(/^m_session_id=abc;/);
    const evil = await fetch(`${url}/api/v1/login`, { method: 'POST', body: '{"AccessToken":"a\\r\\nx: y"}' });
    expect(evil.status).toBe(401);
    const revisions = await dataOf<{ RevisionMap: { Branches: { Revision: string }[] } }>(
      `${url}/api/v1/models/acme/tiny/revisions`,
    );
    expect(revisions.RevisionMap.Branches.map(({ Revision }) => Revision)).toEqual(['master']);
    for (const path of ['acme/none', 'acme/tiny/repo?FilePath=none', 'acme/tiny/repo/files?Revision=none'])
      expect([path, (await fetch(`${url}/api/v1/models/${path}`)).status]).toEqual([path, 404]);
  });

  it('has the weights of another protocol already, fetched and kept once', async () => {
    const sim = await hub();
    const { url } = await startServing(await newMachine({ MODELSCOPE_ENDPOINT: sim.url, HF_ENDPOINT: sim.url }));
    const cold = await sha256At(`${url}/acme/tiny/resolve/main/${WEIGHT}`);
    expect(cold).toEqual({ status: 'MISS', sha256: sha256OfFile(MODEL, WEIGHT) });
    sim.forget();
    const other = await sha256At(`${url}/api/v1/models/acme/tiny/repo?Revision=master&FilePath=${WEIGHT}`);
    expect(other).toEqual({ status: 'HIT', sha256: cold.sha256 });
    expect(sim.requests.filter(({ path }) => path === WEIGHT)).toEqual([]);
  });
});
