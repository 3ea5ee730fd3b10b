import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { newMachine, sluice } from './harness.js';
import { hub } from './hub.js';
import { startRegistry } from './registry.js';
import { startServing } from './serving.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Answers everything with the same JSON. */
async function startIndex(value: unknown): Promise<string> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json').end(JSON.stringify(value));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const statusOf = async (url: string): Promise<number> => {
  const answer = await fetch(url);
  await answer.arrayBuffer();
  return answer.status;
};

/** Entries of which nobody can say whether they are files. */
const NONSENSE: readonly (readonly [string, unknown])[] = [
  ['objects without anything', {}],
  ['no types', { path: 'config.json', size: 1, Path: 'config.json', Size: '1' }],
  ['no paths', { type: 'directory', size: 0, Type: 'tree', Size: 0 }],
  ['sizes that are none', { type: 'directory', path: 'a', size: '0', Type: 'tree', Path: 'a', Size: '0' }],
];

describe('a listing that nobody understands', () => {
  it.each(NONSENSE)('of %s is an error of the hub, and no proof that files are absent', async (_, entry) => {
    const sim = await hub();
    const edit = (value: unknown): unknown => {
      const data = (value as { Data?: object }).Data;
      return data === undefined ? [entry, entry] : { ...(value as object), Data: { ...data, Files: [entry, entry] } };
    };
    for (const kind of ['tree', 'ms-files'] as const)
      sim.faults.add({ on: { kind }, fault: { type: 'edit-json', edit } });
    const machine = await newMachine({ HF_ENDPOINT: sim.url, MODELSCOPE_ENDPOINT: sim.url });
    const { url } = await startServing(machine);
    for (const path of [
      '/acme/tiny/resolve/main/config.json',
      '/api/models/acme/tiny/tree/main?recursive=true',
      '/api/v1/models/acme/tiny/repo/files?Revision=master&Recursive=True',
      '/api/v1/models/acme/tiny/repo?Revision=master&FilePath=config.json',
    ])
      expect([path, await statusOf(url + path)]).toEqual([path, 502]);
    const pulled = await sluice(machine, 'pull', 'hf:acme/tiny', '--json');
    expect([pulled.code, pulled.stdout.includes('BAD_MANIFEST')]).toEqual([5, true]);
    sim.faults.clear();
    const later = (): Promise<number> => statusOf(`${url}/acme/tiny/resolve/main/config.json`);
    await expect.poll(later, { timeout: 60_000 }).toBe(200);
  });

  it('of tags or of packages is one of the registry or the index', async () => {
    const registry = await startRegistry('acme/model', { v1: Buffer.from('{}'), 'not a tag': Buffer.from('{}') }, []);
    const pypi = await startIndex({ name: 'a', files: [{}, {}] });
    const npm = await startIndex({ name: 'a', versions: { '1.0.0': {} } });
    const args = ['--registry', `docker.io=${registry.url}`, '--site', `py=pypi:${pypi}`, '--site', `js=npm:${npm}`];
    const { url } = await startServing(await newMachine(), ...args);
    for (const path of ['/v2/acme/model/tags/list', '/-/py/simple/a/', '/-/js/a/-/a-1.0.0.tgz'])
      expect([path, await statusOf(url + path)]).toEqual([path, 502]);
  });
});
