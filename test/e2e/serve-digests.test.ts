import { createHash } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { newMachine } from './harness.js';
import { digestOf, startRegistry } from './registry.js';
import { FILES, openWorld, TOKENS, type World } from './serve-routes.js';
import { startServing } from './serving.js';

const worlds: World[] = [];
afterEach(() => worlds.splice(0).forEach((world) => world.close()));

const SECRET = Buffer.from(FILES['config.json']);
const SHA256 = createHash('sha256').update(SECRET).digest('hex');
const GATED = '/acme/private/resolve/main/config.json';

async function get(url: string, token?: string): Promise<readonly [number, string]> {
  const answer = await fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  return [answer.status, await answer.text()];
}

it('a digest opens nothing: what a hub gave to one caller is not given to others as a layer or a package', async () => {
  const world = await openWorld();
  worlds.push(world);
  // A registry whose image names a layer that it has not got.
  const layers = [{ digest: digestOf(SECRET), size: SECRET.length, mediaType: 'application/x' }];
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, layers }));
  const liar = await startRegistry('acme/liar', { v1: manifest }, []);
  const own = await startRegistry('acme/owner', { v1: manifest }, [SECRET]);
  const args = ['--registry', `liar.example=${liar.url}`, '--registry', `own.example=${own.url}`];
  const machine = await newMachine(world.env);
  const { url } = await startServing(machine, ...world.args, ...args);
  expect(await get(url + GATED, TOKENS.granted)).toEqual([200, SECRET.toString()]);
  expect((await get(`${url}/v2/acme/liar/manifests/v1?ns=liar.example`))[0]).toBe(200);
  const page = (await get(`${url}/-/py/simple/a/`))[1];
  const place = /files\/[^/]+\/(.+?)#/.exec(page)?.[1] ?? '';
  const hidden = [
    `/v2/acme/model/blobs/sha256:${SHA256}`,
    `/v2/acme/liar/blobs/sha256:${SHA256}?ns=liar.example`,
    `/v2/acme/any/blobs/sha256:${SHA256}?ns=own.example`,
  ];
  const wheels = ['', `-${SECRET.length}`, `~${'0'.repeat(32)}`].map((end) => `/-/py/files/sha256-${SHA256}${end}/${place}`); // prettier-ignore
  for (const path of [...hidden, ...hidden]) expect([path, (await get(url + path))[0]]).toEqual([path, 404]);
  for (const path of wheels) expect([path, await get(url + path)]).toEqual([path, [200, 'a wheel']]);
  // Whoever has it may give it, and then it is here without them too.
  const owner = `/v2/acme/owner/blobs/sha256:${SHA256}?ns=own.example`;
  expect(await get(url + owner)).toEqual([200, SECRET.toString()]);
  for (const path of hidden) expect([path, (await get(url + path))[0]]).toEqual([path, 404]);
  own.answerWith(500);
  expect(await get(url + owner)).toEqual([200, SECRET.toString()]);
  expect((await get(url + GATED))[0]).toBe(401);
});

it('the credentials of a caller go to no registry, and what wants them is given to nobody', async () => {
  const registry = await startRegistry('acme/private', { v1: SECRET }, [SECRET]);
  registry.answerWith(401);
  const { url } = await startServing(await newMachine(), '--registry', `docker.io=${registry.url}`);
  for (const authorization of ['Basic YW5uOnNlY3JldA==', 'Bearer t1', undefined])
    for (const what of ['manifests/v1', `blobs/sha256:${SHA256}`, 'tags/list']) {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await fetch(`${url}/v2/acme/private/${what}`, { headers });
      expect([what, answer.status]).toEqual([what, expect.toSatisfy((status: number) => status >= 401 && status <= 404)]); // prettier-ignore
      expect(await answer.text()).not.toContain(SECRET.toString());
    }
  expect(registry.hits).toBeGreaterThan(0);
});
