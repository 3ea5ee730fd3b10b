import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { makeModel, toContent, type Sim, type SimFiles } from '../../src/sim/index.js';
import { newMachine } from './harness.js';
import { hub, sha256OfFile } from './hub.js';
import { startServing } from './serving.js';

const FILES: SimFiles = {
  ...makeModel({ seed: 3, sizeBytes: 4_000_000, shards: 1, name: 'Tiny' }),
  'tiny-Q4_0.gguf': 'GGUF'.repeat(600_000),
};
const GGUF = 'tiny-Q4_0.gguf';
const HEX = /^[0-9a-f]{40}$/;

async function mirror(): Promise<{ sim: Sim; url: string }> {
  const sim = await hub({ repositories: [{ id: 'acme/tiny', files: FILES }], xet: {} });
  const machine = await newMachine({ HF_ENDPOINT: sim.url });
  return { sim, url: (await startServing(machine)).url };
}

const digest = (bytes: ArrayBuffer): string => createHash('sha256').update(Buffer.from(bytes)).digest('hex');

describe('request sequences of clients', () => {
  it('llama.cpp: refs, one page of the tree by commit, HEAD, and a GET that is resumed', async () => {
    const { url } = await mirror();
    const ask = (path: string, init: { method?: string; headers?: Record<string, string> } = {}): Promise<Response> =>
      fetch(url + path, {
        ...init,
        headers: { 'user-agent': 'llama-cpp/b7000', accept: 'application/json', ...init.headers },
      });
    const refs = (await (await ask('/api/models/acme/tiny/refs')).json()) as {
      branches: { name: string; targetCommit: string }[];
    };
    const commit = refs.branches.find(({ name }) => name === 'main')?.targetCommit ?? '';
    expect(commit).toMatch(HEX);
    const tree = await ask(`/api/models/acme/tiny/tree/${commit}?recursive=true`);
    expect(tree.headers.get('link')).toBeNull();
    const entries = (await tree.json()) as {
      type: string;
      path: string;
      oid: string;
      size: number;
      lfs?: { oid: string; size: number };
    }[];
    const file = entries.find(({ path }) => path === GGUF);
    expect(file?.oid).toMatch(HEX);
    expect(file?.lfs).toMatchObject({ oid: sha256OfFile(FILES, GGUF), size: file?.size });
    const path = `/acme/tiny/resolve/${commit}/${GGUF}`;
    const head = await ask(path, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), head.headers.get('accept-ranges')]).toEqual([
      200,
      String(file?.size),
      'bytes',
    ]);
    expect(head.headers.get('etag')).toBe(`"${sha256OfFile(FILES, GGUF)}"`);
    const whole = await ask(path);
    expect([whole.status, digest(await whole.arrayBuffer())]).toEqual([200, sha256OfFile(FILES, GGUF)]);
    const rest = await ask(path, { headers: { range: 'bytes=1000000-' } });
    const content = toContent(FILES[GGUF] ?? '');
    const wanted = content.read(1_000_000, content.sizeBytes - 1_000_000);
    expect([rest.status, Buffer.from(await rest.arrayBuffer()).equals(wanted)]).toEqual([206, true]);
  });

  it('hf-hub of Rust up to 0.5 (TEI, candle): GET of the first byte as its question, then the file', async () => {
    const { sim, url } = await mirror();
    const info = (await (await fetch(`${url}/api/models/acme/tiny/revision/main`)).json()) as {
      sha: string;
      siblings: { rfilename: string }[];
    };
    expect(info.sha).toBe(sim.commit('acme/tiny'));
    for (const path of ['config.json', GGUF]) {
      const headers = { range: 'bytes=0-0', 'user-agent': 'unkown/None; hf-hub/0.4.3; rust/unknown' };
      const answer = await fetch(`${url}/acme/tiny/resolve/main/${path}`, { headers, redirect: 'manual' });
      const { sizeBytes } = toContent(FILES[path] ?? '');
      expect([answer.status, answer.headers.get('content-range')]).toEqual([206, `bytes 0-0/${sizeBytes}`]);
      expect(answer.headers.get('x-repo-commit')).toBe(info.sha);
      expect(answer.headers.get('etag')).toMatch(/^"[0-9a-f]{40,64}"$/);
      const whole = await fetch(`${url}/acme/tiny/resolve/main/${path}`);
      expect(digest(await whole.arrayBuffer())).toBe(sha256OfFile(FILES, path));
    }
    const missing = await fetch(`${url}/acme/tiny/resolve/main/none`, { headers: { range: 'bytes=0-0' } });
    expect(missing.status).toBe(404);
  });

  it('hf-hub of Rust 1.0: HEAD with what it has, answered 304 with ETag', async () => {
    const { url } = await mirror();
    const address = `${url}/acme/tiny/resolve/main/${GGUF}`;
    const first = await fetch(address, { method: 'HEAD' });
    const etag = first.headers.get('etag') ?? '';
    expect(first.headers.get('x-xet-hash')).toMatch(/^[0-9a-f]{64}$/);
    const again = await fetch(address, { method: 'HEAD', headers: { 'if-none-match': etag } });
    expect([again.status, again.headers.get('etag')]).toEqual([304, etag]);
  });

  it('Dragonfly: the revision as a parameter, sizes with the listing', async () => {
    const { sim, url } = await mirror();
    const info = (await (await fetch(`${url}/api/models/acme/tiny?revision=main&blobs=true`)).json()) as {
      sha: string;
      siblings: { rfilename: string; size: number; lfs?: { sha256: string } }[];
    };
    expect(info.sha).toBe(sim.commit('acme/tiny'));
    expect(info.siblings.every(({ size }) => Number.isInteger(size))).toBe(true);
    expect(info.siblings.find(({ rfilename }) => rfilename === GGUF)?.lfs?.sha256).toBe(sha256OfFile(FILES, GGUF));
  });

  it('transformers: questions for files that most repositories lack cost the hub nothing', async () => {
    const { sim, url } = await mirror();
    await fetch(`${url}/acme/tiny/resolve/main/config.json`, { method: 'HEAD' });
    const before = sim.requests.length;
    for (const path of ['adapter_config.json', 'generation_config2.json', 'chat_template.jinja']) {
      const answer = await fetch(`${url}/acme/tiny/resolve/main/${path}`, { method: 'HEAD' });
      expect([answer.status, answer.headers.get('x-error-code'), answer.headers.get('x-repo-commit')]).toEqual([
        404,
        'EntryNotFound',
        sim.commit('acme/tiny'),
      ]);
    }
    const folder = await fetch(`${url}/api/models/acme/tiny/tree/main/additional_chat_templates?recursive=false`);
    expect([folder.status, folder.headers.get('x-error-code')]).toEqual([404, 'EntryNotFound']);
    expect(sim.requests.length).toBe(before);
  });

  it('curl: ranges, and a download that goes on where it stopped', async () => {
    const { url } = await mirror();
    const curl = async (...args: string[]): Promise<Buffer> =>
      (await promisify(execFile)('curl', ['-sSf', ...args], { encoding: 'buffer', maxBuffer: 2 ** 24 })).stdout;
    const address = `${url}/acme/tiny/resolve/main/${GGUF}`;
    const content = toContent(FILES[GGUF] ?? '');
    expect((await curl('-L', address)).equals(content.read(0, content.sizeBytes))).toBe(true);
    expect((await curl('-r', '5-17', address)).equals(content.read(5, 13))).toBe(true);
    expect((await curl('-r', '-7', address)).equals(content.read(content.sizeBytes - 7, 7))).toBe(true);
    expect((await curl('-C', '2000000', address)).equals(content.read(2_000_000, content.sizeBytes - 2_000_000))).toBe(
      true,
    );
    expect((await curl('-I', address)).toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });
});
