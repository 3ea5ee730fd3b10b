import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { seededContent, type FaultRule, type RouteKind, type Sim } from '../../src/sim/index.js';
import { newMachine, type Machine } from './harness.js';
import { hub } from './hub.js';
import { startServing } from './serving.js';

const running: Server[] = [];
afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(onRequest: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(onRequest);
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const CAUGHT = 'something that only this machine may read';

/** A service of this machine that trusts whoever is on it. */
async function startInside(): Promise<{ readonly host: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const host = await listen((message, response) => {
    asked.push(message.url ?? '');
    response.end(CAUGHT);
  });
  return { host, asked };
}

/** Where an upstream would like us to go: this machine by all of its names, its link, its network, its files and sockets. */
function targetsAt(host: string): readonly string[] {
  const port = host.split(':')[1] ?? '';
  return [
    `http://${host}/x`,
    `//${host}/x`,
    `http://localhost:${port}/x`,
    `http://inner.localhost:${port}/x`,
    `http://[::ffff:127.0.0.1]:${port}/x`,
    `http://2130706433:${port}/x`,
    `http://0x7f.1:${port}/x`,
    `http://0.0.0.0:${port}/x`,
    `http://ann:secret@${host}/x`,
    `http://${host}\\@public.example/x`,
    'http://169.254.169.254/latest/meta-data/iam/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://10.0.0.1/x',
    'file:///etc/passwd',
    'unix:/var/run/docker.sock',
    'http+unix://%2Fvar%2Frun%2Fdocker.sock/x',
    `gopher://${host}/x`,
  ];
}

const INSIDE = '127.0.0.0/8,localhost,[::1]/128,::/16,169.254.0.0/16,10.0.0.0/8,0.0.0.0,fd00::/8';

/** What an upstream named `*.example` is to a mirror: one that a proxy finds in the world outside, while what is inside is asked without it. */
async function machineOutside(
  answer: (message: IncomingMessage, response: ServerResponse) => void,
  env: Readonly<Record<string, string>> = {},
): Promise<Machine> {
  const proxy = await listen(answer);
  return newMachine({ ...env, HTTP_PROXY: `http://${proxy}`, NO_PROXY: INSIDE });
}

async function get(url: string): Promise<readonly [number, string]> {
  const answer = await fetch(url).catch(() => undefined);
  return [answer?.status ?? 0, (await answer?.text().catch(() => '')) ?? ''];
}

/** What each question of registries, indexes and folders is answered with by one that leads inside. `here` is what was asked for. */
const LEADS: Readonly<Record<string, (target: string) => Lead>> = {
  redirect: (target) => ({ status: 302, headers: { location: target } }),
  permanent: (target) => ({ status: 308, headers: { location: target } }),
  realm: (target) => ({ status: 401, headers: { 'www-authenticate': `Bearer realm="${target}",service="a"` } }),
  link: (target) => ({ status: 200, headers: { link: `<${target}>; rel="next"` }, body: '{"name":"a","tags":["v1"]}' }),
  html: (target) => ({ status: 200, headers: { 'content-type': 'text/html' }, body: `<a href="${target}.whl#sha256=${'0'.repeat(64)}">a.whl</a>` }), // prettier-ignore
  json: (target) => ({ status: 200, headers: { 'content-type': 'application/vnd.pypi.simple.v1+json' }, body: JSON.stringify({ files: [{ filename: 'a.whl', url: target, hashes: {} }] }) }), // prettier-ignore
  dist: (target) => ({ status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'a', versions: { '1.0.0': { dist: { tarball: `${target}/-/a-1.0.0.tgz`, shasum: '0'.repeat(40) } } } }) }), // prettier-ignore
};

interface Lead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const DIGEST = '0'.repeat(64);
/** What a client asks, by the lead that it meets and by its number: no answer is that of an earlier question. */
const QUESTIONS: readonly ((lead: string, index: number) => string)[] = [
  ...['manifests/v1', `blobs/sha256:${DIGEST}`, 'tags/list', `referrers/sha256:${DIGEST}`].map(
    (what) => (lead: string, index: number) => `/v2/${lead}/t${index}/${what}`,
  ),
  (lead, index) => `/-/py/simple/${lead}-t${index}/`,
  (lead, index) => `/-/py/files/any/public.example/${lead}/t${index}/a.whl`,
  (lead, index) => `/-/js/${lead}-t${index}`,
  (lead, index) => `/-/js/${lead}-t${index}/-/${lead}-t${index}-1.0.0.tgz`,
  (lead, index) => `/-/deb/dists/${lead}/t${index}/InRelease`,
  (lead, index) => `/-/deb/pool/${lead}/t${index}/a.deb`,
  (lead, index) => `/-/any/${lead}/t${index}/a.bin`,
];

const PLACES = ['--registry', 'docker.io=http://public.example'];
const SITES = { py: 'pypi', js: 'npm', deb: 'debian', any: 'files' };
for (const [name, kind] of Object.entries(SITES)) PLACES.push('--site', `${name}=${kind}:http://public.example`);

const redirect = (kind: RouteKind, to: string): FaultRule => ({ on: { kind }, fault: { type: 'redirect', to } });

describe('an upstream outside that leads inside', () => {
  it('by redirects, realms, links and addresses of registries, indexes and folders gets nobody there', async () => {
    const inside = await startInside();
    const targets = targetsAt(inside.host);
    const told = new Set<string>();
    const machine = await machineOutside((message, response) => {
      const { pathname } = new URL(message.url ?? '', 'http://public.example');
      const [, name = '', index = ''] = /(\w+)[-/]t(\d+)/.exec(pathname) ?? [];
      const lead = LEADS[name]?.(targets[Number(index)] ?? '');
      if (lead === undefined) return void response.writeHead(404).end();
      told.add(`${name} ${index}`);
      response.writeHead(lead.status, lead.headers).end(lead.body);
    });
    const { url } = await startServing(machine, ...PLACES);
    const wrong: string[] = [];
    const look = async (path: string): Promise<void> => {
      const [status, body] = await get(url + path);
      // What is no link of ours any more may stand in a list.
      const isList = status === 200 && /tags\/list|referrers|\/simple\/|\/-\/js\/[^/]+$/.test(path);
      const isAnswer = /^\/-\/(?:any|deb|py\/files)/.test(path) && /\/(?:html|json|dist|link)\//.test(path);
      if (body.includes(CAUGHT) || (status < 400 && !isList && !isAnswer)) wrong.push(`${status} ${path} ${body.slice(0, 80)}`); // prettier-ignore
      if (isList && body.includes(`href="/-/py/files/any/${inside.host.replace(':', '~')}`))
        wrong.push(`leads ${path}`);
    };
    for (const lead of Object.keys(LEADS))
      for (const question of QUESTIONS) await Promise.all(targets.map((_, index) => look(question(lead, index))));
    expect(wrong).toEqual([]);
    expect(inside.asked).toEqual([]);
    expect(told.size).toBe(Object.keys(LEADS).length * targets.length);
  }, 120_000);

  const FILES = { 'config.json': '{}', 'weights.bin': seededContent({ seed: 'led', sizeBytes: 2_000_000 }) };
  const cas = (target: string) => (value: unknown) => ({ ...(value as object), casUrl: target });
  const toCas = { on: { kind: 'xet-token' }, fault: { type: 'edit-json', edit: cas('http://cas.example') } } as const;
  const addresses = (target: string) => (value: unknown) =>
    JSON.parse(JSON.stringify(value).replaceAll(/"url":"[^"]*"/g, `"url":${JSON.stringify(target)}`)) as unknown;
  /** Faults of a hub, and what a client asks then. */
  const HUB_LEADS: Readonly<Record<string, readonly [(target: string) => FaultRule, (id: string) => string]>> = {
    'a listing': [(to) => redirect('tree', to), (id) => `/api/models/${id}/tree/main`],
    'the next page of a listing': [
      (to) => ({ on: { kind: 'tree' }, fault: { type: 'headers', headers: { link: `<${to}>; rel="next"` } } }),
      (id) => `/${id}/resolve/main/config.json`,
    ],
    'a description': [(to) => redirect('info', to), (id) => `/api/models/${id}`],
    'a small file': [(to) => redirect('resolve', to), (id) => `/${id}/resolve/main/config.json`],
    'a large file': [(to) => redirect('resolve', to), (id) => `/${id}/resolve/main/weights.bin`],
    'a listing of ModelScope': [
      (to) => redirect('ms-files', to),
      (id) => `/api/v1/models/${id}/repo/files?Revision=master`,
    ],
    'a file of ModelScope': [
      (to) => redirect('ms-download', to),
      (id) => `/api/v1/models/${id}/repo?Revision=master&FilePath=weights.bin`,
    ],
    'the storage of Xet': [
      (to) => ({ on: { kind: 'xet-token' }, fault: { type: 'edit-json', edit: cas(to) } }),
      (id) => `/${id}/resolve/main/weights.bin`,
    ],
    'a xorb': [
      (to) => ({ on: { kind: 'xet-reconstruction' }, fault: { type: 'edit-json', edit: addresses(to) } }),
      (id) => `/${id}/resolve/main/weights.bin`,
    ],
  };

  it.each(Object.entries(HUB_LEADS))(
    'by %s of a hub gets nobody there',
    async (name, [fault, path]) => {
      const inside = await startInside();
      const isXet = /Xet|xorb/.test(name);
      // What refuses the storage of Xet is tried again for a while: one will do.
      const targets = targetsAt(inside.host).slice(0, isXet ? 1 : undefined);
      const repositories = targets.map((_, index) => ({ id: `acme/t${index}`, files: FILES }));
      const sim = await hub({ repositories, ...(isXet ? { xet: { isOnlyWay: true } } : {}) });
      const machine = await machineOutside((message, response) => passOn(sim, message, response), {
        HF_ENDPOINT: 'http://hub.example',
        MODELSCOPE_ENDPOINT: 'http://hub.example',
      });
      const { url } = await startServing(machine);
      const wrong: string[] = [];
      for (const [index, target] of targets.entries()) {
        if (name === 'a xorb') sim.faults.add(toCas);
        const active = sim.faults.add(fault(target));
        const [status, body] = await get(url + path(`acme/t${index}`));
        if (body.includes(CAUGHT) || (status > 0 && status < 400))
          wrong.push(`${target}: ${status} ${body.slice(0, 80)}`);
        if (active.hits === 0) wrong.push(`${target}: not met`);
        active.remove();
      }
      expect(wrong).toEqual([]);
      expect(inside.asked).toEqual([]);
    },
    120_000,
  );
});

it('one inside may lead inside: what is refused above would be there', async () => {
  const inside = await startInside();
  const host = await listen(
    (_, response) => void response.writeHead(302, { location: `http://${inside.host}/x` }).end(),
  );
  const { url } = await startServing(await newMachine(), '--site', `any=files:http://${host}`);
  expect((await get(`${url}/-/any/a.bin`))[1]).toBe(CAUGHT);
});

/** Where clouds tell a machine its secrets. */
const LINK = [
  ...['169.254.169.254', '169.254.1.1', '[fe80::1]', '[fd00:ec2::254]', '100.100.100.200', '168.63.129.16'],
  ...['[::ffff:169.254.169.254]', '[64:ff9b::a9fe:a9fe]', '2852039166'],
];

/** A mirror of a service at `giver`, which leads to what stands behind its name in `targets`. What is not on this machine is a proxy's to find. */
async function ledFrom(giver: string, targets: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const asked: string[] = [];
  const proxy = await listen((message, response) => {
    const { host, pathname } = new URL(message.url ?? '', 'http://here.example');
    const [, index = ''] = /^\/t(\d+)\//.exec(pathname) ?? [];
    if (index !== '') return void response.writeHead(302, { location: targets[Number(index)] ?? '' }).end();
    asked.push(host);
    response.end(CAUGHT);
  });
  const own = { HTTP_PROXY: `http://${proxy}`, NO_PROXY: '127.0.0.0/8,localhost,[::1]/128,0.0.0.0', ...env };
  const { url } = await startServing(await newMachine(own), '--site', `any=files:http://${giver.replace('PROXY', proxy)}`); // prettier-ignore
  const answers = await Promise.all(targets.map((_, index) => get(`${url}/-/any/t${index}/a.bin`)));
  return { asked, caught: targets.filter((_, index) => answers[index]?.[1].includes(CAUGHT)), answers };
}

describe('one inside', () => {
  it.each(['10.0.0.1', '169.254.1.2', 'PROXY'])(
    'at %s does not lead to what clouds tell a machine',
    async (giver) => {
      const { asked, caught, answers } = await ledFrom(giver, LINK.map((host) => `http://${host}/x`)); // prettier-ignore
      expect([asked, caught]).toEqual([[], []]);
      for (const [status] of answers) expect(status).toBeGreaterThanOrEqual(500);
    },
    60_000,
  );

  it('in a network does not lead to this machine', async () => {
    const inside = await startInside();
    const targets = targetsAt(inside.host).filter((target) => !target.includes('10.0.0.1'));
    const { asked, caught } = await ledFrom('10.0.0.1', targets, { NO_PROXY: INSIDE.replace(',10.0.0.0/8', '') });
    expect([inside.asked, asked, caught]).toEqual([[], [], []]);
  }, 60_000);

  it('leads to a store in the network, and to what the settings name, wherever that is', async () => {
    const targets = ['http://10.0.0.2/x', 'http://192.168.7.7/x', 'http://169.254.169.254/x'];
    for (const giver of ['10.0.0.1', 'PROXY']) {
      const { caught } = await ledFrom(giver, targets, { HF_ENDPOINT: 'http://169.254.169.254' });
      expect(caught).toEqual(targets);
    }
  }, 60_000);
});

/** What stands behind the name of a hub. */
function passOn(sim: Sim, message: IncomingMessage, response: ServerResponse): void {
  const { pathname, search, hostname } = new URL(message.url ?? '', 'http://hub.example');
  const base = hostname === 'cas.example' ? sim.casUrl : sim.url;
  const onward = request(base + pathname + search, { method: message.method, headers: message.headers, agent: false }); // prettier-ignore
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  message.pipe(onward);
}
