import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FaultRule, Sim } from '../../src/sim/index.js';
import { eventsOf, newMachine, sluice, withEnv } from './harness.js';
import { hub, MODEL, sha256OfFile } from './hub.js';
import { startServing } from './serving.js';

const WEIGHT = 'model-00001-of-00002.safetensors';
const HEADER_BYTES = 8;

interface Reconstruction {
  readonly offset_into_first_range: number;
  readonly terms: readonly { readonly hash: string; readonly unpacked_length: number }[];
  readonly xorbs: Readonly<
    Record<
      string,
      readonly {
        readonly url: string;
        readonly ranges: readonly { readonly bytes: { readonly start: number; readonly end: number } }[];
      }[]
    >
  >;
}

async function mirror(env: Readonly<Record<string, string>> = {}): Promise<{ sim: Sim; url: string }> {
  const sim = await hub({ xet: {} });
  const machine = await newMachine({ HF_ENDPOINT: sim.url, ...env });
  return { sim, url: (await startServing(machine)).url };
}

/** As a client of Xet begins: the listing names the file, a token opens it. */
async function begin(url: string): Promise<{ plan: Reconstruction; token: string; id: string; cas: string }> {
  const tree = (await (await fetch(`${url}/api/models/acme/tiny/tree/main`)).json()) as {
    path: string;
    xetHash?: string;
  }[];
  const id = tree.find(({ path }) => path === WEIGHT)?.xetHash ?? '';
  const answer = await fetch(`${url}/api/models/acme/tiny/xet-read-token/main`);
  const { casUrl, accessToken } = (await answer.json()) as { casUrl: string; accessToken: string };
  expect(answer.headers.get('x-xet-cas-url')).toBe(casUrl);
  const headers = { authorization: `Bearer ${accessToken}` };
  const plan = (await (await fetch(`${casUrl}/v2/reconstructions/${id}`, { headers })).json()) as Reconstruction;
  return { plan, token: accessToken, id, cas: casUrl };
}

/** The raw bytes of one term. */
async function fetchTerm({ xorbs }: Reconstruction, hash: string): Promise<Buffer> {
  const entry = xorbs[hash]?.[0];
  const { start, end } = entry?.ranges[0]?.bytes ?? { start: 0, end: 0 };
  const answer = await fetch(entry?.url ?? '', { headers: { range: `bytes=${start}-${end}` } });
  expect([answer.status, answer.headers.get('content-length')]).toEqual([206, String(end - start + 1)]);
  const stored = Buffer.from(await answer.arrayBuffer());
  const chunks: Buffer[] = [];
  for (let at = 0; at < stored.length;) {
    const length = stored.readUIntLE(at + 1, 3);
    chunks.push(stored.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length));
    at += HEADER_BYTES + length;
  }
  return Buffer.concat(chunks);
}

describe('Xet at a mirror', () => {
  it('gives a file while it is on its way in and afterwards, under the id that its hub gave it', async () => {
    const { sim, url } = await mirror();
    const head = await fetch(`${sim.url}/acme/tiny/resolve/main/${WEIGHT}`, { method: 'HEAD', redirect: 'manual' });
    const sent: number[] = [];
    for (let round = 0; round < 2; round += 1) {
      const { plan, id } = await begin(url);
      expect(id).toBe(head.headers.get('x-xet-hash'));
      const parts = await Promise.all(plan.terms.map(({ hash }) => fetchTerm(plan, hash)));
      const digest = createHash('sha256').update(Buffer.concat(parts)).digest('hex');
      expect(digest).toBe(sha256OfFile(MODEL, WEIGHT));
      // What was taken in stands once, however often it had to be sent, and nothing is taken in for the second round.
      const metrics = await (await fetch(`${url}/-/metrics`)).text();
      const taken = [...metrics.matchAll(/^sluice_fetched_bytes_total\{[^}]*\} (\d+)$/gm)].map(([, bytes]) =>
        Number(bytes),
      );
      expect(taken.reduce((sum, bytes) => sum + bytes, 0)).toBe(24 * 2 ** 20 + 123);
      sent.push(sim.requests.filter(({ kind }) => kind === 'cdn').reduce((sum, { bytes }) => sum + bytes, 0));
    }
    // A request that falls behind is called off, and what of it was on the way comes again: on a busy machine some do.
    const [first = 0, second = 0] = sent;
    expect(first).toBeLessThan(2 * (24 * 2 ** 20 + 123));
    expect(second - first).toBeLessThan(8 * 2 ** 20);
  });

  it('is spoken of everywhere or nowhere', async () => {
    const told = async (url: string): Promise<string[]> => {
      const paths = [
        '/api/models/acme/tiny?expand=xetEnabled',
        '/api/models/acme/tiny?blobs=true',
        '/api/models/acme/tiny/tree/main?recursive=true&expand=true',
        `/acme/tiny/resolve/main/${WEIGHT}`,
        '/api/models/acme/tiny/xet-read-token/main',
      ];
      const found: string[] = [];
      for (const path of paths) {
        const isFile = path.includes('resolve');
        const headers = { accept: 'application/vnd.xet-fileinfo+json, */*', range: 'bytes=0-0' };
        const answer = await fetch(url + path, isFile ? { headers } : {});
        const { 'access-control-expose-headers': _, ...heads } = Object.fromEntries(answer.headers);
        const words = `${JSON.stringify(heads)} ${isFile ? '' : await answer.text()}`;
        if (answer.ok && /xetHash|xetEnabled":true|x-xet|xet-auth|xet-fileinfo|casUrl/.test(words)) found.push(path);
      }
      const body = new URLSearchParams({ paths: WEIGHT });
      const info = await fetch(`${url}/api/models/acme/tiny/paths-info/main`, { method: 'POST', body });
      return (await info.text()).includes('xetHash') ? [...found, 'paths-info'] : found;
    };
    expect(await told((await mirror({ SLUICE_SERVE_XET: 'strip' })).url)).toEqual([]);
    expect(await told((await mirror()).url)).toHaveLength(5);
  });

  it('lets nobody complete a file whose first bytes turn out wrong, though they are mended meanwhile', async () => {
    const { sim, url } = await mirror();
    sim.faults.add({ on: { kind: 'cdn', coversByte: 100_000, times: 1 }, fault: { type: 'corrupt', atByte: 100_000 } });
    const { plan, token, id, cas } = await begin(url);
    const hash = plan.terms[0]?.hash ?? '';
    const entry = plan.xorbs[hash]?.[0];
    // The first chunk as early as it comes: it is the wrong one. Then the rest.
    const early = await fetch(entry?.url ?? '', { headers: { range: 'bytes=0-131079' } });
    const first = Buffer.from(await early.arrayBuffer()).subarray(HEADER_BYTES);
    await expect(fetchTerm(plan, hash)).rejects.toThrow();
    const content = MODEL[WEIGHT];
    if (content === undefined || typeof content === 'string' || content instanceof Uint8Array)
      throw new Error('a file');
    expect(first.equals(content.read(0, first.length))).toBe(false);
    // What was granted before is void, and a new beginning gives what is right.
    const again = await fetch(entry?.url ?? '', { headers: { range: 'bytes=0-131079' } });
    const asked = await fetch(`${cas}/v2/reconstructions/${id}`, { headers: { authorization: `Bearer ${token}` } });
    const resumed = await fetch(`${url}/acme/tiny/resolve/main/${WEIGHT}`, { headers: { range: 'bytes=131072-' } });
    expect([again.status, asked.status, resumed.status]).toEqual([404, 404, 412]);
    const fresh = await begin(url);
    const parts = await Promise.all(fresh.plan.terms.map((term) => fetchTerm(fresh.plan, term.hash)));
    expect(createHash('sha256').update(Buffer.concat(parts)).digest('hex')).toBe(sha256OfFile(MODEL, WEIGHT));
  });

  it.each([429, 500, 'gone'] as const)('goes on for files that are here while its hub is %s', async (fault) => {
    const { sim, url } = await mirror({ SLUICE_SERVE_FRESH: '1s' });
    const readAll = async (): Promise<string> => {
      const { plan } = await begin(url);
      const parts = await Promise.all(plan.terms.map(({ hash }) => fetchTerm(plan, hash)));
      return createHash('sha256').update(Buffer.concat(parts)).digest('hex');
    };
    expect(await readAll()).toBe(sha256OfFile(MODEL, WEIGHT));
    if (fault === 'gone') await sim.die();
    else sim.faults.add({ fault: { type: 'status', status: fault } });
    const isStale = async (): Promise<unknown> =>
      (await fetch(`${url}/api/models/acme/tiny/tree/main`, { method: 'HEAD' })).headers.get('x-cache-status');
    await expect.poll(isStale, { timeout: 60_000 }).toBe('STALE');
    expect(await readAll()).toBe(sha256OfFile(MODEL, WEIGHT));
  });

  const XORB = { kind: 'xorb' } as const;
  const PLAN = { kind: 'xet-reconstruction' } as const;
  const wait = { 'retry-after': '1' };
  it.each<readonly [string, FaultRule]>([
    ['429 for xorbs', { on: { ...XORB, times: 3 }, fault: { type: 'status', status: 429, headers: wait } }],
    ['500 for xorbs', { on: { ...XORB, times: 3 }, fault: { type: 'status', status: 500 } }],
    ['addresses of xorbs that have expired', { on: { ...XORB, times: 2 }, fault: { type: 'status', status: 403 } }],
    ['xorbs that break off', { on: { ...XORB, times: 3 }, fault: { type: 'reset', afterBytes: 100_000 } }],
    ['a wrong byte in a xorb', { on: { ...XORB, times: 1 }, fault: { type: 'xorb-chunk', chunk: 0, damage: 'bytes' } }],
    ['429 for plans', { on: { ...PLAN, times: 1 }, fault: { type: 'status', status: 429, headers: wait } }],
    ['500 for plans', { on: { ...PLAN, times: 1 }, fault: { type: 'status', status: 500 } }],
    ['500 for tokens', { on: { kind: 'xet-token', times: 1 }, fault: { type: 'status', status: 500 } }],
  ])(
    'gives a file that its hub has in chunks alone right, or not to its end, after %s',
    async (_, rule) => {
      const sim = await hub({ xet: { isOnlyWay: true, maxXorbBytes: 4 * 2 ** 20 } });
      const active = sim.faults.add(rule);
      const { url } = await startServing(await newMachine({ HF_ENDPOINT: sim.url }));
      const read = async (): Promise<string> => {
        const answer = await fetch(`${url}/acme/tiny/resolve/main/${WEIGHT}`);
        const digest = createHash('sha256').update(Buffer.from(await answer.arrayBuffer())).digest('hex'); // prettier-ignore
        return answer.ok ? digest : String(answer.status);
      };
      const seen: string[] = [];
      const next = async (): Promise<string | undefined> => {
        seen.push(await read().catch(() => 'cut'));
        return seen.at(-1);
      };
      await expect.poll(next, { timeout: 60_000 }).toBe(sha256OfFile(MODEL, WEIGHT));
      expect(active.hits).toBeGreaterThan(0);
      expect(seen.slice(0, -1).filter((each) => !/^(?:cut|429|5\d\d)$/.test(each))).toEqual([]);
    },
    90_000,
  );

  it('serves a pull of another Sluice, with its chunks or without', async () => {
    const { url } = await mirror();
    for (const xet of ['off', 'auto', 'only']) {
      const machine = withEnv(await newMachine(), { HF_ENDPOINT: url, SLUICE_HF_XET: xet });
      const pulled = await sluice(machine, 'pull', 'hf:acme/tiny', '--json');
      const troubles = eventsOf(pulled).filter(({ type }) => /banned|wrong|failed/.test(type));
      expect([xet, pulled.code, troubles]).toEqual([xet, 0, []]);
    }
  });
});
