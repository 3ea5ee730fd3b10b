// (e) for ModelScope: stock clients of both generations take `sluice serve` for the hub, cold, warm, and when the hub behind it is gone.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { get as getPlainly } from 'node:http';
import { get as getByTls } from 'node:https';
import { join } from 'node:path';
import { makeCertificates } from './certificates.mjs';
import { python } from './processes.mjs';
import { holds, proof, same } from './report.mjs';
import { expectedOf, SNAPSHOT } from './sim-accepts-ms.mjs';
import { fileFetches, TOKENS } from './world.mjs';

const MODEL = 'acme/tiny-1.5';
const DATASET = 'modelscope.hub.snapshot_download.dataset_snapshot_download';
const FILE = 'modelscope.hub.file_download.model_file_download';

export async function serveModelScope({ root, world, client, scratch }) {
  const label = `${client.name} on the mirror`;
  const hub = await world.start();
  const mirror = await startMirror({ root, hub, scratch, tls: client.tls === true });
  const { url } = mirror;
  // The oldest one knows only a domain, and puts https:// before it.
  const env = client.tls === true
    ? { MODELSCOPE_DOMAIN: url.replace('https://', ''), REQUESTS_CA_BUNDLE: mirror.ca, SSL_CERT_FILE: mirror.ca }
    : { MODELSCOPE_ENDPOINT: url, MODELSCOPE_DOMAIN: url.replace('http://', '') }; // prettier-ignore
  const endpoint = client.name === 'ms-1.37' ? { endpoint: url } : {};
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
  const snapshot = { call: SNAPSHOT, args: [MODEL], want: 'tree' };
  const file = (id, path, kwargs = {}) => ({ call: FILE, args: [id, path], kwargs, want: 'file' });
  try {
    await proof(label, 'cold: a model comes exactly, by branch and by tag, each file from the hub once', async () => {
      const tagged = { ...snapshot, kwargs: { revision: 'v1.0' } };
      const [head, tag] = values(await call([snapshot, tagged]));
      same(head, expectedOf(client, world.model), 'files of master');
      same(tag, expectedOf(client, world.tagged), 'files of v1.0');
      const large = Object.values(world.repositories[0].files).map((each) => world.sim.toContent(each).sizeBytes);
      const sent = fileFetches(hub).reduce((sum, request) => sum + request.bytes, 0);
      const whole = large.reduce((sum, size) => sum + size, 0);
      holds(sent < whole * 1.05 + 50_000, `the hub sent ${sent} bytes of ${whole}`);
    });
    if (client.datasets !== false) {
      await proof(label, 'a data set of two pages comes whole', async () => {
        const [rows] = values(await call([{ call: DATASET, args: ['acme/rows'], want: 'tree' }]));
        same(rows, world.rows, 'files of the data set');
      });
    }
    await proof(
      label,
      'errors for what is not there or not allowed; a private model opens to its token alone',
      async () => {
        const legacy = client.family === 'ms-legacy';
        const login = { call: 'modelscope.hub.api.HubApi().login', args: [TOKENS.granted] };
        const opened = file('acme/private', 'config.json', legacy ? {} : { token: TOKENS.granted });
        same(
          values(await call([...(legacy ? [login] : []), opened])).at(-1),
          world.digest('{"secret": true}\n'),
          'private',
        );
        const results = await call([
          file('acme/none', 'config.json'),
          file(MODEL, 'none.txt'),
          file(MODEL, 'config.json', { revision: 'none' }),
          file('acme/private', 'config.json'),
        ]);
        results.forEach(({ error, value }, index) => holds(error !== undefined, `case ${index} gave ${value}`));
      },
    );
    await proof(label, 'warm: no file is asked of the hub', async () => {
      hub.forget();
      same(values(await call([snapshot]))[0], expectedOf(client, world.model), 'files');
      same(
        fileFetches(hub).map((request) => request.url),
        [],
        'files fetched',
      );
    });
    const illnesses = [
      ['answers 500', () => hub.faults.add({ fault: { type: 'status', status: 500 } })],
      [
        'answers 429',
        () => hub.faults.add({ fault: { type: 'status', status: 429, headers: { 'retry-after': '2' } } }),
      ],
      ['is gone', () => hub.die()],
    ];
    for (const [name, fail] of illnesses) {
      const says = `the hub ${name}: what is here still comes, and of the rest nothing is made up`;
      await proof(label, says, async () => {
        hub.faults.clear();
        await fail();
        await becomesStale(mirror);
        // The client asks a hub that is ill several times, longer apart each time: both questions wait at once.
        const [known, [unknown]] = await Promise.all([
          call([snapshot]),
          call([file('acme/never-asked', 'config.json')]),
        ]);
        same(values(known)[0], expectedOf(client, world.model), 'files');
        holds(unknown.error !== undefined, 'a model that nobody asked for came');
        holds(!/NotExist|404/.test(`${unknown.error} ${unknown.message}`), `${unknown.error?.[0]}: ${unknown.message}`);
      });
    }
  } finally {
    await mirror.stop();
    await hub.stop();
  }
}

/** Waits until what the mirror knows is old and cannot be asked for again. */
async function becomesStale({ url, ca }) {
  const path = `${url}/api/v1/models/${MODEL}/repo/files?Revision=master&Recursive=True`;
  for (let round = 0; round < 600; round += 1) {
    if ((await cacheStatusOf(path, ca)) === 'STALE') return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('nothing became stale');
}

function cacheStatusOf(url, ca) {
  const get = url.startsWith('https:') ? getByTls : getPlainly;
  const options = ca === undefined ? {} : { ca: readFileSync(ca) };
  return new Promise((resolve, reject) => {
    get(url, { ...options, agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.headers['x-cache-status']));
    }).on('error', reject);
  });
}

/** `sluice serve` over the hub; with `tls` behind a certificate whose authority is at `ca`. */
async function startMirror({ root, hub, scratch, tls }) {
  const folder = mkdtempSync(join(scratch, 'mirror-'));
  const args = ['serve', '--port', '0', '--json', '--upstream', `ms=${hub.url}`, '--data', join(folder, 'store')];
  let ca;
  if (tls) {
    const made = makeCertificates(folder);
    ca = made.ca;
    for (const part of ['cert', 'key']) {
      writeFileSync(join(folder, part), made.tls[part]);
      args.push(`--tls-${part}`, join(folder, part));
    }
  }
  const child = spawn(process.execPath, [join(root, 'dist', 'cli', 'main.js'), ...args], {
    env: { PATH: process.env.PATH, HOME: folder, SLUICE_SERVE_FRESH: '1s' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const over = new Promise((resolve) => child.once('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const line = text.split('\n').find((each) => each.includes('"server.listening"'));
      if (line !== undefined) resolve(JSON.parse(line).url);
    });
    child.once('exit', (code) => reject(new Error(`sluice serve ended with ${code}`)));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await over;
  };
  return { url, ca, stop };
}
