// (b) for Hugging Face: stock clients take the simulator for a hub.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { python } from './processes.mjs';
import { holds, proof, same } from './report.mjs';
import { TOKENS } from './world.mjs';

const MODEL = 'acme/tiny-1.5';

export async function simAcceptsHuggingFace({ world, client, scratch }) {
  const label = `${client.name} on the simulator`;
  const hub = await world.start();
  const call = async (steps, { endpoint = hub.url, env = {} } = {}) => {
    const home = mkdtempSync(join(scratch, 'home-'));
    const full = steps.map((step) => ({ ...step, call: `huggingface_hub.${step.call}` }));
    const settings = { HOME: home, HF_HOME: home, HF_ENDPOINT: endpoint, HF_HUB_DISABLE_PROGRESS_BARS: '1', ...env };
    return (await python(client.python, 'steps.py', { module: 'huggingface_hub', steps: full }, { env: settings }))
      .results;
  };
  const values = (results) => {
    for (const { error, message } of results) holds(error === undefined, `${error?.[0]}: ${message}`);
    return results.map(({ value }) => value);
  };
  const config = (revision) => ({
    call: 'hf_hub_download',
    args: [MODEL, 'config.json'],
    kwargs: { revision },
    want: 'file',
  });
  try {
    await proof(label, 'snapshot_download of a model and of a data set gives exactly the bytes', async () => {
      const [model, rows] = values(
        await call([
          { call: 'snapshot_download', args: [MODEL], want: 'tree' },
          { call: 'snapshot_download', args: ['acme/rows'], kwargs: { repo_type: 'dataset' }, want: 'tree' },
        ]),
      );
      same(model, world.model, 'files of the model');
      same(rows, world.rows, 'files of the data set');
    });
    await proof(label, 'revisions: branch, tag, commit, refs/pr/1', async () => {
      const commit = hub.commit(MODEL, 'v1.0');
      const got = values(await call(['main', 'dev', 'v1.0', commit, 'refs/pr/1'].map(config)));
      const expected = [
        world.model['config.json'],
        world.digest('{"revision": "dev"}\n'),
        world.tagged['config.json'],
        world.tagged['config.json'],
        world.digest('{"revision": "pr 1"}\n'),
      ];
      same(got, expected, 'config.json by revision');
    });
    await proof(label, 'errors: entry, revision, repository, gated 401 and 403, private, bad token', async () => {
      const file = (args, kwargs = {}) => ({ call: 'hf_hub_download', args, kwargs, want: 'file' });
      const cases = [
        ['EntryNotFoundError', file([MODEL, 'none.txt'])],
        ['RevisionNotFoundError', file([MODEL, 'config.json'], { revision: 'none' })],
        ['RepositoryNotFoundError', file(['acme/none', 'config.json'])],
        ['GatedRepoError', file(['acme/gated', 'config.json'])],
        ['GatedRepoError', file(['acme/gated', 'config.json'], { token: TOKENS.other })],
        ['RepositoryNotFoundError', file(['acme/private', 'config.json'])],
        ['RepositoryNotFoundError', file(['acme/private', 'config.json'], { token: TOKENS.other })],
        ['HfHubHTTPError', { call: 'HfApi().model_info', args: [MODEL], kwargs: { token: 'hf_wrong' } }],
      ];
      const results = await call(cases.map(([, step]) => step));
      cases.forEach(([name], index) => {
        const { error, value } = results[index];
        holds(
          error?.includes(name),
          `case ${index}: expected ${name}, got ${error?.[0] ?? value} ${results[index].message}`,
        );
      });
    });
    await proof(label, 'gated and private repositories open to the token that was granted', async () => {
      const open = (id) => ({
        call: 'hf_hub_download',
        args: [id, 'config.json'],
        kwargs: { token: TOKENS.granted },
        want: 'file',
      });
      const secret = world.digest('{"secret": true}\n');
      same(values(await call([open('acme/gated'), open('acme/private')])), [secret, secret], 'secret files');
    });
    await proof(label, 'the API: info, tree in pages, paths, refs, commits, whoami', async () => {
      const [info, names, paths, refs, commits, who] = values(
        await call([
          { call: 'HfApi().model_info', args: [MODEL], kwargs: { files_metadata: true } },
          {
            call: 'HfApi().list_repo_tree',
            args: ['acme/rows'],
            kwargs: { repo_type: 'dataset', recursive: true },
            want: 'names',
          },
          { call: 'HfApi().get_paths_info', args: [MODEL, ['config.json', 'notes', 'none']], want: 'names' },
          { call: 'HfApi().list_repo_refs', args: [MODEL], kwargs: { include_pull_requests: true } },
          { call: 'HfApi().list_repo_commits', args: [MODEL] },
          { call: 'HfApi().whoami', kwargs: { token: TOKENS.granted } },
        ]),
      );
      holds(info.includes(hub.commit(MODEL)), 'info names the commit');
      same(names, ['data', ...Object.keys(world.rows)].sort(), 'names in the tree');
      same(paths, ['config.json', 'notes'], 'paths that exist');
      holds(refs.includes('v1.0') && refs.includes('refs/pr/1'), `refs: ${refs}`);
      holds(commits.includes(hub.commit(MODEL)), 'commits name the head');
      holds(who.includes('ann'), `whoami: ${who}`);
    });
    await proof(label, 'a hub under a path prefix, small files without redirect, local_dir', async () => {
      const other = await world.start({ prefix: '/mirror/hf', habits: { lfs: 'direct' } });
      const folder = mkdtempSync(join(scratch, 'local-'));
      const step = { call: 'snapshot_download', args: [MODEL], kwargs: { local_dir: folder }, want: 'tree' };
      const [files] = values(await call([step], { endpoint: other.url }).finally(() => other.stop()));
      same(files, world.model, 'files');
    });
    await proof(label, 'no credential reached the second host', () => same(hub.leaks.length, 0, 'leaks'));
  } finally {
    await hub.stop();
  }
}
