// (e) for Hugging Face: stock clients take `sluice serve` for the hub, cold, warm, and when the hub behind it is gone.
import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { startMirror } from './mirror.mjs';
import { python } from './processes.mjs';
import { holds, proof, same } from './report.mjs';
import { fileFetches, TOKENS } from './world.mjs';

const MODEL = 'acme/tiny-1.5';
const NOT_TOLD = ['EntryNotFoundError', 'RepositoryNotFoundError', 'GatedRepoError'];

export async function serveHuggingFace({ root, world, client, scratch }) {
  const label = `${client.name} on the mirror`;
  const hasXet = client.requirements.some((name) => name.startsWith('hf_xet'));
  const hub = await world.start();
  // What is known is old soon, and a hub that failed is asked again soon.
  const upstream = JSON.stringify({ kind: 'hf', url: hub.url, 'fail-timeout': '1s' });
  const env = { SLUICE_SERVE_FRESH: '1s', SLUICE_SERVE_UPSTREAM: upstream };
  const mirror = await startMirror({ root, hub, scratch, env });
  /** Calls in a new home each time, so that nothing is there already. */
  const call = async (steps, { endpoint = mirror.url, env = {}, home = mkdtempSync(join(scratch, 'home-')) } = {}) => {
    const full = steps.map((step) => ({ ...step, call: `huggingface_hub.${step.call}` }));
    const basics = { HOME: home, HF_HOME: home, HF_ENDPOINT: endpoint, HF_HUB_DISABLE_PROGRESS_BARS: '1', ...env };
    return (await python(client.python, 'steps.py', { module: 'huggingface_hub', steps: full }, { env: basics }))
      .results;
  };
  const values = (results) => {
    for (const { error, message } of results) holds(error === undefined, `${error?.[0]}: ${message}`);
    return results.map(({ value }) => value);
  };
  const snapshot = (id, kwargs = {}) => ({ call: 'snapshot_download', args: [id], kwargs, want: 'tree' });
  const file = (id, path, kwargs = {}) => ({ call: 'hf_hub_download', args: [id, path], kwargs, want: 'file' });
  const both = [snapshot(MODEL), snapshot('acme/rows', { repo_type: 'dataset' })];
  try {
    await proof(label, 'cold: a model and a data set come exactly, each file from the hub once', async () => {
      const [model, rows] = values(await call(both));
      same(model, world.model, 'files of the model');
      same(rows, world.rows, 'files of the data set');
      same(hub.leaks.length, 0, 'leaks');
      const bytes = Object.values(world.repositories[0].files).map((each) => world.sim.toContent(each).sizeBytes);
      const sent = fileFetches(hub).reduce((sum, request) => sum + request.bytes, 0);
      const whole = bytes.reduce((sum, size) => sum + size, 0);
      holds(sent < whole * 1.05 + 50_000, `the hub sent ${sent} bytes of ${whole}`);
    });
    await proof(label, hasXet ? 'over Xet: large files come as xorbs of the mirror' : 'without Xet', async () => {
      const xorbs = mirror.requests.filter(({ url }) => url.includes('/xorbs/'));
      same(xorbs.length > 0, hasXet, 'requests for xorbs');
      holds(
        xorbs.every(({ status }) => status === 206),
        'every xorb came by a range',
      );
    });
    await proof(label, 'warm, in another home: nothing is asked of the hub for files', async () => {
      hub.forget();
      const [model, rows] = values(await call(both));
      same(model, world.model, 'files of the model');
      same(rows, world.rows, 'files of the data set');
      same(
        fileFetches(hub).map(({ url }) => url),
        [],
        'files fetched',
      );
    });
    await proof(label, 'with Xet off in the client: plain HTTP, warm', async () => {
      mirror.requests.length = 0;
      const [model] = values(await call([snapshot(MODEL)], { env: { HF_HUB_DISABLE_XET: '1' } }));
      same(model, world.model, 'files');
      same(mirror.requests.filter(({ url }) => url.includes('/-/xet')).length, 0, 'requests of Xet');
    });
    await proof(label, 'with Xet switched off in the mirror: nothing speaks of it', async () => {
      const plain = await startMirror({ root, hub, scratch, env: { SLUICE_SERVE_XET: 'strip' } });
      try {
        const [model] = values(await call([snapshot(MODEL)], { endpoint: plain.url }));
        same(model, world.model, 'files');
        same(
          plain.words.filter((text) => /xet-auth|xetHash|x-xet-hash/i.test(text)),
          [],
          'words of Xet',
        );
      } finally {
        await plain.stop();
      }
    });
    await proof(label, 'under a path prefix, local_dir', async () => {
      const other = await startMirror({ root, hub, scratch, prefix: '/artifactory/hf' });
      const folder = mkdtempSync(join(scratch, 'local-'));
      try {
        const [model, rows] = values(
          await call([snapshot(MODEL, { local_dir: folder }), both[1]], { endpoint: other.url }),
        );
        same(model, world.model, 'files of the model');
        same(rows, world.rows, 'files of the data set');
      } finally {
        await other.stop();
      }
    });
    await proof(label, 'revisions: branch, tag, commit, short commit, refs/pr/1', async () => {
      const commit = hub.commit(MODEL, 'v1.0');
      const revisions = ['main', 'dev', 'v1.0', commit, 'refs/pr/1'];
      const got = values(await call(revisions.map((revision) => file(MODEL, 'config.json', { revision }))));
      const expected = [
        world.model['config.json'],
        world.digest('{"revision": "dev"}\n'),
        world.tagged['config.json'],
        world.tagged['config.json'],
        world.digest('{"revision": "pr 1"}\n'),
      ];
      same(got, expected, 'config.json by revision');
    });
    await proof(
      label,
      'a granted token opens gated and private; no other and nobody else is served after it',
      async () => {
        const open = (id) => file(id, 'config.json', { token: TOKENS.granted });
        const secret = world.digest('{"secret": true}\n');
        same(values(await call([open('acme/gated'), open('acme/private')])), [secret, secret], 'secret files');
        const cases = [
          ['EntryNotFoundError', file(MODEL, 'none.txt')],
          ['RevisionNotFoundError', file(MODEL, 'config.json', { revision: 'none' })],
          ['RepositoryNotFoundError', file('acme/none', 'config.json')],
          ['GatedRepoError', file('acme/gated', 'config.json')],
          ['GatedRepoError', file('acme/gated', 'config.json', { token: TOKENS.other })],
          ['RepositoryNotFoundError', file('acme/private', 'config.json')],
          ['RepositoryNotFoundError', file('acme/private', 'config.json', { token: TOKENS.other })],
          ['HfHubHTTPError', { call: 'HfApi().model_info', args: ['acme/none'], kwargs: { token: 'hf_wrong' } }],
        ];
        const results = await call(cases.map(([, step]) => step));
        cases.forEach(([name], index) => {
          const { error, value, message } = results[index];
          holds(error?.includes(name), `case ${index}: expected ${name}, got ${error?.[0] ?? value} ${message}`);
        });
      },
    );
    await proof(label, 'a missing file is remembered as such (.no_exist)', async () => {
      const home = mkdtempSync(join(scratch, 'home-'));
      await call([file(MODEL, 'adapter_config.json')], { home });
      const mark = join(home, 'hub', 'models--acme--tiny-1.5', '.no_exist', hub.commit(MODEL), 'adapter_config.json');
      holds(existsSync(mark), `${mark} is not there`);
    });
    await proof(label, 'the API: info, tree, paths, refs, commits, whoami', async () => {
      const [info, names, paths, refs, commits, who] = values(
        await call([
          { call: 'HfApi().model_info', args: [MODEL], kwargs: { files_metadata: true } },
          {
            call: 'HfApi().list_repo_tree',
            args: ['acme/rows'],
            kwargs: { repo_type: 'dataset', recursive: true, expand: true },
            want: 'names',
          },
          { call: 'HfApi().get_paths_info', args: [MODEL, ['config.json', 'notes', 'none']], want: 'names' },
          { call: 'HfApi().list_repo_refs', args: [MODEL], kwargs: { include_pull_requests: true } },
          { call: 'HfApi().list_repo_commits', args: [MODEL] },
          { call: 'HfApi().whoami', kwargs: { token: TOKENS.granted } },
        ]),
      );
      holds(info.includes(hub.commit(MODEL)) && info.includes('license:apache-2.0'), `info: ${info}`);
      same(names, ['data', ...Object.keys(world.rows)].sort(), 'names in the tree');
      same(paths, ['config.json', 'notes'], 'paths that exist');
      holds(refs.includes('v1.0') && refs.includes('refs/pr/1'), `refs: ${refs}`);
      holds(commits.includes(hub.commit(MODEL)), 'commits name the head');
      holds(who.includes('ann'), `whoami: ${who}`);
    });
    await proof(
      label,
      'login and whoami with a token of the mirror itself, of which the hub hears nothing',
      async () => {
        const closed = await startMirror({
          root,
          hub,
          scratch,
          tokenName: 'ci',
          env: { SLUICE_SERVE_ANONYMOUS: 'false' },
        });
        try {
          hub.forget();
          const endpoint = closed.url;
          const home = mkdtempSync(join(scratch, 'home-'));
          const login = { call: 'login', kwargs: { token: closed.token } };
          const [, who] = values(await call([login, { call: 'whoami' }], { endpoint, home }));
          holds(who.includes("'name': 'ci'"), `whoami: ${who}`);
          same(hub.requests.length, 0, 'requests to the hub');
          // The next process takes the token that was kept.
          same(
            values(await call([file(MODEL, 'config.json')], { endpoint, home })),
            [world.model['config.json']],
            'a file',
          );
          const [nobody] = await call([file(MODEL, 'config.json', { token: false })], { endpoint });
          holds(nobody.error !== undefined, 'nobody was let in');
        } finally {
          await closed.stop();
        }
      },
    );
    await proof(label, 'no word that went out names the hub or its storage', () => {
      const hosts = [hub.url, hub.cdnUrl, hub.casUrl].map((url) => new URL(url).host);
      const named = mirror.words.filter((text) => hosts.some((host) => text.includes(host)));
      same(
        named.map((text) => text.slice(0, 300)),
        [],
        'words',
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
      const says = `the hub ${name}: all that was there still comes, marked stale; nothing is said to be missing`;
      await proof(label, says, async () => {
        hub.faults.clear();
        await fail();
        await becomesStale(mirror.url);
        mirror.words.length = 0;
        // Clients ask a hub that is ill several times, longer apart each time: both questions wait at once.
        const never = file(`acme/never-asked-${name.replace(' ', '-')}`, 'config.json');
        const [known, [unknown]] = await Promise.all([call(both), call([never])]);
        const [model, rows] = values(known);
        same(model, world.model, 'files of the model');
        same(rows, world.rows, 'files of the data set');
        holds(
          mirror.words.some((text) => text.includes('"x-cache-status":"STALE"')),
          'no answer was marked as stale',
        );
        const made = unknown.error?.filter(
          (each) => NOT_TOLD.includes(each) && !unknown.error.includes('LocalEntryNotFoundError'),
        );
        same(made, [], `${unknown.error?.[0]}: ${unknown.message}`);
      });
    }
  } finally {
    await mirror.stop();
    await hub.stop();
  }
}

/** Waits until what the mirror knows is old and cannot be asked for again. */
async function becomesStale(url) {
  for (let round = 0; round < 600; round += 1) {
    const { headers } = await fetch(`${url}/api/models/${MODEL}/tree/main`, { method: 'HEAD' });
    if (headers.get('x-cache-status') === 'STALE') return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('nothing became stale');
}
