// (b) for ModelScope: stock clients of both generations take the simulator for a hub.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificates } from './certificates.mjs';
import { python } from './processes.mjs';
import { holds, proof, same } from './report.mjs';
import { TOKENS } from './world.mjs';

const MODEL = 'acme/tiny-1.5';
export const SNAPSHOT = 'modelscope.hub.snapshot_download.snapshot_download';
const DATASET = 'modelscope.hub.snapshot_download.dataset_snapshot_download';
const FILE = 'modelscope.hub.file_download.model_file_download';

/** A hub as this client wants to be led to it: the oldest one by a domain and over TLS only, the others by an endpoint. */
export async function startForModelScope({ world, client, scratch }) {
  if (client.tls !== true) {
    const hub = await world.start();
    return { hub, env: { MODELSCOPE_ENDPOINT: hub.url, MODELSCOPE_DOMAIN: hub.url.replace('http://', '') } };
  }
  const { ca, tls } = makeCertificates(mkdtempSync(join(scratch, 'ca-')));
  const hub = await world.start({ tls });
  return {
    hub,
    env: { MODELSCOPE_DOMAIN: hub.url.replace('https://', ''), REQUESTS_CA_BUNDLE: ca, SSL_CERT_FILE: ca },
  };
}

/** The endpoint as an argument, for the clients between the two that know no variable for plain http. */
export function endpointArgument(client, hub) {
  return client.name === 'ms-1.37' ? { endpoint: hub.url } : {};
}

/** The older generation never fetches git's own files. */
export function expectedOf(client, digests) {
  if (client.family !== 'ms-legacy') return digests;
  return Object.fromEntries(Object.entries(digests).filter(([path]) => path !== '.gitattributes'));
}

export async function simAcceptsModelScope({ world, client, scratch }) {
  const label = `${client.name} on the simulator`;
  const { hub, env } = await startForModelScope({ world, client, scratch });
  const endpoint = endpointArgument(client, hub);
  const call = async (steps) => {
    const home = mkdtempSync(join(scratch, 'home-'));
    const settings = { HOME: home, MODELSCOPE_CACHE: join(home, 'cache'), ...env };
    const full = steps.map((step) => ({ ...step, kwargs: { ...step.kwargs, ...endpoint } }));
    return (await python(client.python, 'steps.py', { module: 'modelscope', steps: full }, { env: settings })).results;
  };
  const values = (results) => {
    for (const { error, message } of results) holds(error === undefined, `${error?.[0]}: ${message}`);
    return results.map(({ value }) => value);
  };
  try {
    await proof(label, 'snapshot_download of the branch and of a tag gives exactly the bytes', async () => {
      const [head] = values(await call([{ call: SNAPSHOT, args: [MODEL], want: 'tree' }]));
      same(head, expectedOf(client, world.model), 'files of master');
      const tagged = { call: SNAPSHOT, args: [MODEL], kwargs: { revision: 'v1.0' }, want: 'tree' };
      same(values(await call([tagged]))[0], expectedOf(client, world.tagged), 'files of v1.0');
    });
    await proof(label, 'model_file_download gives the file', async () => {
      const one = { call: FILE, args: [MODEL, 'tokenizer.json'], want: 'file' };
      same(values(await call([one])), [world.model['tokenizer.json']], 'tokenizer.json');
    });
    if (client.datasets !== false) {
      await proof(label, 'a data set of two pages comes whole', async () => {
        const rows = { call: DATASET, args: ['acme/rows'], want: 'tree' };
        const [files] = values(await call([rows]));
        same(files, world.rows, 'files of the data set');
      });
    }
    await proof(label, 'errors for what is not there or not allowed; a private model opens to its token', async () => {
      const file = (id, path, kwargs = {}) => ({ call: FILE, args: [id, path], kwargs, want: 'file' });
      const results = await call([
        file('acme/none', 'config.json'),
        file(MODEL, 'none.txt'),
        file(MODEL, 'config.json', { revision: 'none' }),
        file('acme/private', 'config.json'),
      ]);
      results.forEach(({ error, value }, index) => holds(error !== undefined, `case ${index} gave ${value}`));
      const legacy = client.family === 'ms-legacy';
      const login = { call: 'modelscope.hub.api.HubApi().login', args: [TOKENS.granted] };
      const opened = file('acme/private', 'config.json', legacy ? {} : { token: TOKENS.granted });
      const secret = values(await call([...(legacy ? [login] : []), opened])).at(-1);
      same(secret, world.digest('{"secret": true}\n'), 'private file');
    });
    await proof(label, 'no credential reached the second host', () => same(hub.leaks.length, 0, 'leaks'));
  } finally {
    await hub.stop();
  }
}
