import { describe, expect, it } from 'vitest';
import { seededContent, type Sim } from '../../src/sim/index.js';
import { newMachine, sluice, type Machine } from './harness.js';
import { hub } from './hub.js';
import { startServing } from './serving.js';

const FILES = {
  'config.json': '{"secret":true}',
  'model.safetensors': seededContent({ seed: 'secret', sizeBytes: 3_000_000 }),
};
const TOKENS = { granted: 'hf_granted', other: 'hf_other' };
const CALLERS = { nobody: undefined, other: TOKENS.other, wrong: 'hf_wrong', granted: TOKENS.granted };

async function guardedHub(): Promise<Sim> {
  return hub({
    repositories: [
      { id: 'acme/open', files: FILES },
      { id: 'acme/gated', files: FILES, gated: true, tokens: [TOKENS.granted] },
      { id: 'acme/private', files: FILES, private: true, tokens: [TOKENS.granted] },
    ],
    users: { [TOKENS.granted]: 'ann', [TOKENS.other]: 'bob' },
    xet: {},
  });
}

type Statuses = Readonly<Record<string, number>>;

/** The status of each route for a caller. */
async function statuses(
  url: string,
  id: string,
  token: string | undefined,
  routes: readonly string[],
): Promise<Statuses> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const asked = routes.map(async (route) => {
    const body = route.startsWith('paths-info')
      ? { method: 'POST', body: new URLSearchParams({ paths: 'config.json' }) }
      : {};
    const path = /^(?:resolve|raw)\//.test(route) ? `/${id}/${route}` : `/api/models/${id}/${route}`;
    const answer = await fetch(url + path.replace(/\/$/, ''), { headers, ...body });
    await answer.arrayBuffer();
    return [route, answer.status] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}

const TOLD = ['', 'revision/main', 'tree/main', 'paths-info/main', 'refs', 'commits/main', 'treesize/main'];
const GUARDED = [
  'auth-check',
  'xet-read-token/main',
  'resolve/main/config.json',
  'resolve/main/model.safetensors',
  'raw/main/config.json',
  'raw/main/model.safetensors',
];
const all = (routes: readonly string[], status: number): Statuses =>
  Object.fromEntries(routes.map((route) => [route, status]));

async function serving(
  sim: Sim,
  env: Readonly<Record<string, string>> = {},
): Promise<{ machine: Machine; url: string }> {
  const machine = await newMachine({ HF_ENDPOINT: sim.url, ...env });
  return { machine, url: (await startServing(machine)).url };
}

describe('who may what', () => {
  it('is decided by the hub for each caller, whatever others were given', async () => {
    const sim = await guardedHub();
    const { url } = await serving(sim);
    // Those who may come first and last: what they got helps nobody in between.
    for (const caller of ['granted', 'nobody', 'other', 'wrong', 'granted'] as const) {
      const token = CALLERS[caller];
      const isGranted = caller === 'granted';
      const mayKnow = caller !== 'wrong';
      const refused = { nobody: 401, other: 403, wrong: 401, granted: 200 }[caller];
      expect([caller, await statuses(url, 'acme/gated', token, [...TOLD, ...GUARDED])]).toEqual([
        caller,
        { ...all(TOLD, mayKnow ? 200 : 401), ...all(GUARDED, refused) },
      ]);
      const hidden = isGranted ? 200 : caller === 'other' ? 404 : 401;
      expect([caller, await statuses(url, 'acme/private', token, [...TOLD, ...GUARDED])]).toEqual([
        caller,
        all([...TOLD, ...GUARDED], hidden),
      ]);
    }
    expect(await statuses(url, 'acme/open', undefined, [...TOLD, ...GUARDED])).toEqual(all([...TOLD, ...GUARDED], 200));
    expect(sim.leaks).toEqual([]);
  });

  it('is nobody’s to say while the hub is gone: grants are not remembered for long, and never for others', async () => {
    const sim = await guardedHub();
    const { url } = await serving(sim);
    await statuses(url, 'acme/private', TOKENS.granted, GUARDED);
    await sim.die();
    expect(await statuses(url, 'acme/private', TOKENS.other, [...TOLD, ...GUARDED])).toEqual(
      all([...TOLD, ...GUARDED], 503),
    );
  });

  it('does not come from the token of the settings, unless it stands for everybody', async () => {
    const sim = await guardedHub();
    const { url } = await serving(sim, { SLUICE_HF_TOKEN: TOKENS.granted });
    expect(await statuses(url, 'acme/private', undefined, TOLD)).toEqual(all(TOLD, 401));
    expect(await statuses(url, 'acme/gated', undefined, GUARDED)).toEqual(all(GUARDED, 401));
    expect(await statuses(url, 'acme/open', undefined, GUARDED)).toEqual(all(GUARDED, 200));
    const asked = sim.requests.filter(({ url: each }) => each.includes('acme/open'));
    expect(asked.every(({ authorization }) => authorization === `Bearer ${TOKENS.granted}`)).toBe(true);
    const shared = await serving(sim, { SLUICE_HF_TOKEN: TOKENS.granted, SLUICE_SERVE_SHARED_TOKEN: 'true' });
    for (const id of ['acme/private', 'acme/gated'])
      expect(await statuses(shared.url, id, undefined, [...TOLD, ...GUARDED])).toEqual(all([...TOLD, ...GUARDED], 200));
  });

  it('is, for a caller with a token of the server, what everybody may; its tokens are asked for at every face but where Xet has its own', async () => {
    const sim = await guardedHub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_SERVE_ANONYMOUS: 'false' });
    const made = await sluice(machine, 'token', 'create', 'ci', '--json');
    const { token } = JSON.parse(made.stdout) as { token: string };
    const { url } = await startServing(machine);
    const everything = [...TOLD, ...GUARDED];
    // The caller's own token for the hub opens nothing here, whatever it opens there.
    for (const stranger of [undefined, TOKENS.granted])
      expect(await statuses(url, 'acme/open', stranger, everything)).toEqual(all(everything, 401));
    expect(await statuses(url, 'acme/open', token, everything)).toEqual(all(everything, 200));
    expect(Object.values(await statuses(url, 'acme/private', token, everything))).not.toContain(200);
    expect(Object.values(await statuses(url, 'acme/gated', token, GUARDED))).not.toContain(200);
    expect(sim.requests.every(({ authorization }) => authorization === undefined)).toBe(true);

    const headers = { authorization: `Bearer ${token}` };
    const tree = await fetch(`${url}/api/models/acme/open/tree/main`, { headers });
    const files = (await tree.json()) as { path: string; xetHash?: string }[];
    const id = files.find(({ path }) => path === 'model.safetensors')?.xetHash ?? '';
    const opened = await fetch(`${url}/api/models/acme/open/xet-read-token/main`, { headers });
    const { casUrl, accessToken } = (await opened.json()) as { casUrl: string; accessToken: string };
    const plan = await fetch(`${casUrl}/v1/reconstructions/${id}`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    const { fetch_info: info } = (await plan.json()) as { fetch_info: Record<string, { url: string }[]> };
    const address = Object.values(info)[0]?.[0]?.url ?? '';
    expect((await fetch(address, { headers: { range: 'bytes=0-99' } })).status).toBe(206);
    expect((await fetch(`${casUrl}/v1/reconstructions/${id}`, { headers })).status).toBe(401);
    expect((await fetch(address.replace(/\?.*/, ''))).status).toBe(403);
  });
});

describe('no answer', () => {
  it('names the hub or its storage', async () => {
    const sim = await guardedHub();
    const storage = ['https://cas-bridge.xethub.hf.co/x?y=1', 'https://huggingface.co/acme/open'];
    const links = [sim.url, `${sim.url}/acme/open#x`, new URL(sim.url).host, ...storage];
    const edit = (value: unknown): unknown =>
      Array.isArray(value) ? value.map(edit) : { ...(value as object), cardData: { links }, [`from ${sim.url}`]: 1 };
    for (const kind of ['info', 'refs', 'commits', 'search', 'whoami'] as const)
      sim.faults.add({ on: { kind }, fault: { type: 'edit-json', edit } });
    const { url } = await serving(sim);
    const words: string[] = [];
    const hear = async (path: string, init: RequestInit = {}): Promise<void> => {
      const answer = await fetch(url + path, { redirect: 'manual', ...init });
      words.push(`${path} ${JSON.stringify([...answer.headers])} ${await answer.text()}`);
    };
    const walk = async (): Promise<void> => {
      for (const token of [undefined, TOKENS.granted, 'hf_wrong']) {
        const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
        for (const id of ['acme/open', 'acme/gated', 'acme/none']) {
          for (const route of TOLD) await hear(`/api/models/${id}/${route}`.replace(/\/$/, ''), { headers });
          for (const route of GUARDED) {
            const path = /^(?:resolve|raw)\//.test(route) ? `/${id}/${route}` : `/api/models/${id}/${route}`;
            if (!route.endsWith('.safetensors')) await hear(path, { headers });
            await hear(path, { headers, method: 'HEAD' });
          }
          await hear(`/api/models/${id}/paths-info/main`, {
            headers,
            method: 'POST',
            body: new URLSearchParams({ paths: 'model.safetensors' }),
          });
        }
        await hear('/api/whoami-v2', { headers });
        await hear('/api/models?search=open', { headers });
      }
    };
    await walk();
    sim.faults.add({ fault: { type: 'status', status: 503, body: `ask ${sim.url}` } });
    await walk();
    await sim.die();
    await walk();
    const hosts = [sim.url, sim.cdnUrl, sim.casUrl].map((each) => new URL(each).host);
    const named = words.filter((text) => [...hosts, 'hf.co', 'huggingface.co'].some((host) => text.includes(host)));
    expect(named.map((text) => text.slice(0, 60))).toEqual([]);
    expect(words.some((text) => text.includes(`${url}/acme/open#x`))).toBe(true);
  });
});
