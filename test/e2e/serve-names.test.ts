import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { endlessJson } from '../../src/sim/index.js';
import { newMachine } from './harness.js';
import { hub } from './hub.js';
import { openWorld, SECRET, type World } from './serve-routes.js';
import { startServing } from './serving.js';

const worlds: World[] = [];
afterEach(() => worlds.splice(0).forEach((world) => world.close()));

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Sends a target as it is. */
function send(url: string, path: string): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('latin1').on('data', (text: string) => (body += text));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    asked.on('error', reject).end();
  });
}

/** Ways out of a folder, ends of strings, and names that mean another thing to the next who decodes them. */
const NAMES = [
  '../../../../etc/passwd',
  '..%2f..%2f..%2fetc%2fpasswd',
  '..%2F..%2Fconfig.json',
  '%2e%2e/%2e%2e/etc/passwd',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '..%5c..%5cetc%5cpasswd',
  '..%255c..%255cetc',
  '%252e%252e%252f%252e%252e%252fetc%252fpasswd',
  'a/..%2f..%2f..%2fx',
  'config.json%00',
  'config.json%00.txt',
  '%00',
  'config%0d%0aset-cookie:%20a=b.json',
  '%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd',
  '%c0%af%c0%afetc',
  '%e0%80%ae%e0%80%ae%2fetc',
  '%ff%fe',
  '%ed%a0%80',
  '%zz',
  '%',
  '//etc/passwd',
  '/%2fetc/passwd',
  '.%2f.%2fconfig.json',
  'config.json%2f..%2fconfig.json',
  'config.json/.',
  'CON',
  'nul.txt:stream',
  '~root/.ssh/id_rsa',
  `${'x'.repeat(300)}.json`,
  `${'a%2f'.repeat(600)}b`,
];

/** Where each face takes a name. */
const PLACES: readonly ((name: string) => string)[] = [
  (name) => `/acme/open/resolve/main/${name}`,
  (name) => `/acme/open/raw/main/${name}`,
  (name) => `/acme/open/resolve/${name}/config.json`,
  (name) => `/${name}/open/resolve/main/config.json`,
  (name) => `/api/models/acme/open/tree/main/${name}`,
  (name) => `/api/models/acme/open/revision/${name}`,
  (name) => `/api/models/acme/${name}`,
  (name) => `/api/models/acme/open/xet-read-token/${name}`,
  (name) => `/api/resolve-cache/models/acme/open/${'a'.repeat(40)}/${name}`,
  (name) => `/api/v1/models/acme/open/repo?Revision=master&FilePath=${name}`,
  (name) => `/api/v1/models/acme/open/repo?Revision=${name}&FilePath=config.json`,
  (name) => `/api/v1/models/acme/${name}/revisions`,
  (name) => `/models/acme/open/resolve/master/${name}`,
  (name) => `/acme/open.git/info/lfs/objects/${name}`,
  (name) => `/v2/acme/model/manifests/${name}`,
  (name) => `/v2/acme/model/blobs/${name}`,
  (name) => `/v2/${name}/manifests/v1`,
  (name) => `/v2/acme/model/manifests/v1?ns=${name}`,
  (name) => `/-/py/simple/${name}/`,
  (name) => `/-/py/files/any/${name}`,
  (name) => `/-/py/files/${name}/host/x.whl`,
  (name) => `/-/any/${name}`,
  (name) => `/-/xet/v1/reconstructions/${name}`,
  (name) => `/-/xet/xorbs/default/${name}`,
  (name) => `/-/${name}`,
];

it('a name that climbs, ends early or is decoded twice is refused at every face, and no upstream hears of it', async () => {
  const world = await openWorld();
  worlds.push(world);
  const { url } = await startServing(
    await newMachine(world.env),
    ...world.args,
    '--site',
    `any=files:${world.sim.url}`,
  );
  const wrong: string[] = [];
  for (const place of PLACES)
    for (const name of NAMES) {
      const path = place(name);
      const { status, body } = await send(url, path);
      const isRefused = status >= 400 && status <= 405;
      // A query is decoded once, and a name of it that stays in the repository may be there.
      const isHarmless = status === 200 && !body.includes('root:');
      // Without a revision before it, what follows is of the default one.
      const mayBe = /\/-\/(?:py\/simple|any)\/|\?|\/tree\/|\/(?:revision|xet-read-token)\/\//.test(path);
      if (!isRefused && !(mayBe && (isHarmless || status === 502))) wrong.push(`${status} ${path}`);
      if (body.includes(SECRET) && !path.includes('config.json')) wrong.push(`secret ${path}`);
    }
  expect(wrong).toEqual([]);
  const paths = world.sim.requests.map(({ url: asked }) => asked.replace(/^https?:\/\/[^/]*/, '').split('?')[0] ?? '');
  const climbing = paths.filter((path) => /(?:^|[/\\])\.\.(?:[/\\]|$)|\0|\\/.test(decodeURIComponent(path)));
  expect(climbing).toEqual([]);
  expect((await send(url, '/acme/open/resolve/main/config.json')).status).toBe(200);
}, 120_000);

describe('an upstream that answers with a bomb', () => {
  const nested = Buffer.from(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
  it.each([
    ['JSON without end', { type: 'body', content: endlessJson(2 ** 40), contentType: 'application/json' }],
    ['JSON that is nested without end', { type: 'body', content: nested, contentType: 'application/json' }],
    ['a header of a megabyte', { type: 'headers', headers: { 'x-bomb': 'x'.repeat(2 ** 20) } }],
    ['a thousand headers', { type: 'headers', headers: Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`x-${at}`, 'x'.repeat(20)])) }], // prettier-ignore
  ] as const)(
    '%s: is an error of the upstream, and others are served',
    async (_, fault) => {
      const sim = await hub();
      sim.faults.add({ on: { kind: 'tree' }, fault });
      const machine = await newMachine({ HF_ENDPOINT: sim.url });
      const { url, child } = await startServing(machine);
      const bombed = await fetch(`${url}/acme/tiny/resolve/main/config.json`);
      await bombed.arrayBuffer();
      expect(bombed.status).toBeGreaterThanOrEqual(502);
      expect(bombed.status).toBeLessThanOrEqual(504);
      sim.faults.clear();
      expect(child.exitCode).toBeNull();
      const after = async (): Promise<number> => (await fetch(`${url}/acme/tiny/resolve/main/config.json`)).status;
      await expect.poll(after, { timeout: 60_000, interval: 500 }).toBe(200);
    },
    90_000,
  );
});
