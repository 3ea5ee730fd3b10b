// (d) for Hugging Face: stock clients with hf_xet get large files from the simulator's Xet storage, by ranges of xorbs and nothing else.
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { python } from './processes.mjs';
import { holds, proof, same } from './report.mjs';

const MODEL = 'acme/xet-model';
const LARGE = 'model-00001-of-00002.safetensors';
const MB = 1000 * 1000;

export async function xetDownloadsHuggingFace({ world, client, scratch }) {
  if (!client.requirements.some((name) => name.startsWith('hf_xet'))) return;
  const label = `${client.name} over Xet`;
  const { before, after } = contents(world.sim);
  const repositories = [{ id: MODEL, files: after, revisions: [{ name: 'v1', type: 'tag', files: before }] }];
  const folder = join(scratch, 'xorbs');
  const call = async (hub, steps, more = {}) => {
    const home = mkdtempSync(join(scratch, 'home-'));
    const env = { HOME: home, HF_HOME: home, HF_ENDPOINT: hub.url, HF_HUB_DISABLE_PROGRESS_BARS: '1', ...more };
    const { results } = await python(client.python, 'steps.py', { module: 'huggingface_hub', steps }, { env });
    for (const { error, message } of results) holds(error === undefined, `${error?.[0]}: ${message}`);
    return results.map(({ value }) => value);
  };
  const snapshot = (kwargs = {}, want = 'tree') => ({
    call: 'huggingface_hub.snapshot_download',
    args: [MODEL],
    kwargs,
    want,
  });
  const withHub = async (options, prove) => {
    const hub = await world.start({ repositories, ...options, xet: { folder, ...options.xet } });
    try {
      await prove(hub);
      same(hub.leaks.length, 0, 'credentials at hosts that they are not for');
    } finally {
      await hub.stop();
    }
  };

  await proof(label, 'two revisions come exactly, by xorb ranges that they share, weights compressed', () =>
    withHub({}, async (hub) => {
      const [first] = await call(hub, [snapshot({ revision: 'v1' })]);
      same(first, world.digests(before), 'files of v1');
      const fetched = onlyByXorbs(hub, before, 'v2');
      const packed = fetched.reduce((sum, { bytes }) => sum + bytes, 0);
      holds(packed < 0.95 * largeBytes(world, before), `weights are packed: ${packed} bytes`);
      holds(xorbsOf(fetched).size >= 2, 'a file lies in several xorbs');
      hub.forget();
      const [second] = await call(hub, [snapshot()]);
      same(second, world.digests(after), 'files of main');
      const again = xorbsOf(onlyByXorbs(hub, after, 'v2'));
      const shared = [...again].filter((hash) => xorbsOf(fetched).has(hash));
      holds(shared.length >= 1, `revisions share xorbs: ${shared.length} of ${again.size}`);
      holds(shared.length < again.size, 'what changed lies in a xorb of its own');
    }),
  );
  await proof(label, 'a service without version 2', () =>
    withHub({ xet: { v2: false } }, async (hub) => {
      const [files] = await call(hub, [snapshot()]);
      same(files, world.digests(after), 'files');
      onlyByXorbs(hub, after, 'v1');
    }),
  );
  for (const compression of ['none', 'lz4', 'bg4']) {
    await proof(label, `xorbs compressed: ${compression}`, () =>
      withHub({ xet: { compression, maxXorbBytes: 16 * MB } }, async (hub) => {
        const [files] = await call(hub, [snapshot()]);
        same(files, world.digests(after), 'files');
        onlyByXorbs(hub, after, 'v2');
      }),
    );
  }
  await proof(label, 'several ranges of a xorb in one request', () =>
    withHub({ xet: { rangesPerUrl: 3 } }, async (hub) => {
      const [files] = await call(hub, [snapshot()], { HF_XET_CLIENT_ENABLE_MULTIRANGE_FETCHING: 'true' });
      same(files, world.digests(after), 'files');
      holds(
        onlyByXorbs(hub, after, 'v2').some(({ range }) => range.includes(',')),
        'a request asked for several ranges',
      );
    }),
  );
  await proof(label, 'file ids are those that hf_xet computes', () =>
    withHub({}, async (hub) => {
      const local = join(mkdtempSync(join(scratch, 'local-')), 'model');
      mkdirSync(local);
      const names = Object.keys(after).filter((path) => path.endsWith('.safetensors'));
      const paths = names.map((path) => join(local, path));
      const [, text] = await call(hub, [
        snapshot({ local_dir: local }, 'text'),
        { call: 'hf_xet.hash_files', args: [paths] },
      ]);
      const tree = await (await fetch(`${hub.url}/api/models/${MODEL}/tree/main`)).json();
      const ids = names.map((name) => tree.find(({ path }) => path === name)?.xetHash);
      same(
        ids.map((id) => text.includes(id)),
        ids.map(() => true),
        `${ids.join(' ')} in ${text}`,
      );
    }),
  );
  await proof(label, 'URLs that expired are asked for anew, and a token that runs out is renewed', () =>
    withHub({ xet: { tokenLifeMs: 20_000 } }, async (hub) => {
      hub.faults.add({ on: { kind: 'xorb', times: 2 }, fault: { type: 'status', status: 403 } });
      const [files] = await call(hub, [snapshot()]);
      same(files, world.digests(after), 'files');
      const count = (kind) => hub.requests.filter((request) => request.kind === kind && request.status === 200).length;
      holds(count('xet-token') > 1, `tokens: ${count('xet-token')}`);
      const refused = hub.requests.filter(({ kind, status }) => kind === 'xorb' && status === 403);
      same(refused.length, 2, 'requests that were refused');
    }),
  );
}

/** A file that spans xorbs, one that does not, and in the later revision both changed a little: at the front and in the middle. */
function contents({ seededContent, joinContent }) {
  const large = seededContent({ seed: 'xet large', sizeBytes: 90 * MB, style: 'bf16' });
  const small = seededContent({ seed: 'xet small', sizeBytes: 12 * MB });
  const part = (from, to) => ({ sizeBytes: to - from, read: (at, length) => small.read(from + at, length) });
  const before = {
    'config.json': '{"v":1}\n',
    [LARGE]: large,
    'model-00002-of-00002.safetensors': small,
    'patchwork.bin': joinContent([
      part(MB, 3 * MB),
      'with gaps between\n',
      part(6 * MB, 8 * MB),
      part(9 * MB, 11 * MB),
    ]),
    'note.bin': 'a large file of a few bytes\n',
  };
  const after = {
    ...before,
    'config.json': '{"v":2}\n',
    [LARGE]: joinContent(['one more header', large]),
    'model-00002-of-00002.safetensors': joinContent([part(0, 5 * MB), 'inserted', part(5 * MB, 12 * MB)]),
  };
  return { before, after };
}

/** The requests for xorbs; throws when anything of a large file came another way, or by the other version. */
function onlyByXorbs(hub, files, version) {
  const isLarge = (path) => /\.(?:safetensors|bin)$/.test(path ?? '');
  const others = hub.requests.filter(
    ({ kind, method, path }) => kind === 'cdn' || (kind === 'resolve' && method === 'GET' && isLarge(path)),
  );
  same(
    others.map(({ url }) => url),
    [],
    'large files that came another way than by xorbs',
  );
  const described = hub.requests.filter(({ kind, status }) => kind === 'xet-reconstruction' && status === 200);
  same([...new Set(described.map(({ url }) => url.split('/')[1]))], [version], 'versions that were answered');
  const paths = new Set(described.map(({ path }) => path));
  same([...paths].sort(), Object.keys(files).filter(isLarge).sort(), 'files that were reconstructed');
  const fetched = hub.requests.filter(({ kind, status }) => kind === 'xorb' && status === 206);
  holds(
    fetched.every(({ range, complete }) => range !== undefined && complete),
    'every xorb came by a range, to its end',
  );
  return fetched;
}

function xorbsOf(requests) {
  return new Set(requests.map(({ url }) => url.split('?')[0]));
}

function largeBytes({ sim }, files) {
  return Object.values(files).reduce((sum, file) => sum + sim.toContent(file).sizeBytes, 0);
}
