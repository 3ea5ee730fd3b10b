// (a) for Hugging Face: what `sluice pull` lands is found by stock clients, with the network cut and without a warning.
import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { python, sluice } from './processes.mjs';
import { holds, proof, same } from './report.mjs';
import { TOKENS, falseBlobs, fileFetches } from './world.mjs';

const MODEL = 'acme/tiny-1.5';

export async function pullLoadsHuggingFace({ root, world, client, scratch }) {
  const label = `${client.name} after a pull`;
  const hub = await world.start();
  const home = mkdtempSync(join(scratch, 'home-'));
  const settings = { HOME: home, HF_HOME: join(home, 'hf'), HF_ENDPOINT: hub.url, HF_HUB_DISABLE_PROGRESS_BARS: '1' };
  const env = { ...settings, SLUICE_HOME: join(home, 'sluice') };
  const pull = (...args) => sluice(root, ['pull', ...args], { env });
  const run = (command, { exit }) => sluice(root, [command], { env, exit });
  /** Calls of the client that must succeed, in silence. */
  const call = async (steps, { env = {}, cut = false, allowed } = {}) => {
    const full = steps.map((step) => ({ ...step, call: `huggingface_hub.${step.call}` }));
    const spec = { module: 'huggingface_hub', steps: full };
    const { results, stderr } = await python(client.python, 'steps.py', spec, { env: { ...settings, ...env }, cut });
    for (const { error, message, warnings } of results) {
      holds(error === undefined, `${error?.[0]}: ${message}`);
      const unexpected = warnings.filter((text) => allowed === undefined || !allowed.test(text));
      same(unexpected, [], 'warnings');
    }
    if (allowed === undefined) same(stderr, '', 'standard error');
    return results.map(({ value }) => value);
  };
  const snapshot = (id, kwargs = {}) => ({ call: 'snapshot_download', args: [id], kwargs, want: 'tree' });
  const config = (kwargs) => ({ call: 'hf_hub_download', args: [MODEL, 'config.json'], kwargs, want: 'file' });
  try {
    await proof(
      label,
      'loads offline, cut off: model by branch, tag, commit; data set; nothing downloaded',
      async () => {
        await pull(`hf:${MODEL}`);
        await pull(`hf:${MODEL}@v1.0`);
        await pull('hf:datasets/acme/rows');
        hub.forget();
        const offline = { env: { HF_HUB_OFFLINE: '1' }, cut: true };
        const commit = hub.commit(MODEL);
        const [head, tagged, byCommit, rows, file] = await call(
          [
            snapshot(MODEL),
            snapshot(MODEL, { revision: 'v1.0' }),
            snapshot(MODEL, { revision: commit }),
            snapshot('acme/rows', { repo_type: 'dataset' }),
            config({ revision: 'v1.0' }),
          ],
          offline,
        );
        same(head, world.model, 'files of main');
        same(tagged, world.tagged, 'files of v1.0');
        same(byCommit, world.model, 'files of the commit');
        same(rows, world.rows, 'files of the data set');
        same(file, world.tagged['config.json'], 'config.json of v1.0');
        same(hub.requests.length, 0, 'requests');
      },
    );
    await proof(label, 'loads with local_files_only, cut off, without HF_HUB_OFFLINE', async () => {
      const [head, file] = await call(
        [snapshot(MODEL, { local_files_only: true }), config({ local_files_only: true })],
        { cut: true },
      );
      same(head, world.model, 'files');
      same(file, world.model['config.json'], 'config.json');
    });
    await proof(label, 'scan_cache_dir knows both repositories and has no complaint', async () => {
      const [found] = await call([{ call: 'scan_cache_dir', want: 'scan' }], { cut: true });
      same(found.warnings, [], 'warnings of the scan');
      same(Object.keys(found.repositories).sort(), ['acme/rows', MODEL], 'repositories');
      same(found.repositories[MODEL].refs, ['main', 'v1.0'], 'refs');
    });
    await proof(label, 'online, warm: asks the hub and fetches no file', async () => {
      hub.forget();
      const [head, file] = await call([snapshot(MODEL), config({ revision: 'v1.0' })]);
      same(head, world.model, 'files');
      same(file, world.tagged['config.json'], 'config.json');
      holds(hub.requests.length > 0, 'the client was online');
      same(
        fileFetches(hub).map(({ url }) => url),
        [],
        'files fetched',
      );
    });
    await proof(label, 'a pull of some files serves these, and the rest is fetched when asked for', async () => {
      await pull('hf:acme/gated', '--token', TOKENS.granted);
      const [secret] = await call([{ call: 'hf_hub_download', args: ['acme/gated', 'config.json'], want: 'file' }], {
        env: { HF_HUB_OFFLINE: '1' },
        cut: true,
      });
      same(secret, world.digest('{"secret": true}\n'), 'config.json');
      await pull(`hf:${MODEL}@dev`, '--include', '*.json');
      const [dev] = await call([config({ revision: 'dev' })], { env: { HF_HUB_OFFLINE: '1' }, cut: true });
      same(dev, world.digest('{"revision": "dev"}\n'), 'config.json of dev');
    });
    await proof(
      label,
      'a flat folder (--to) is adopted as local_dir: cut off, and online without a file fetched',
      async () => {
        const folder = join(home, 'flat');
        await pull(`hf:${MODEL}`, '--to', folder);
        holds(readdirSync(folder).includes('config.json'), 'files lie in the folder');
        hub.forget();
        const offline = { env: { HF_HUB_OFFLINE: '1' }, cut: true };
        const local = snapshot(MODEL, { local_dir: folder });
        // Every generation says so when it cannot ask whether a local_dir is still current; nothing else may be said.
        const [cutOff] = await call([local], { ...offline, allowed: /Returning existing local_dir/ });
        same(cutOff, world.model, 'files, cut off');
        const byCommit = config({ revision: hub.commit(MODEL), local_dir: folder });
        // Without notes it has to say that it cannot ask; and it takes large files by their digest, small ones it fetches again.
        const quiet = client.localNotes === false ? { ...offline, allowed: /Defaulting to existing file/ } : offline;
        same(await call([byCommit], quiet), [world.model['config.json']], 'config.json by commit, cut off');
        same(hub.requests.length, 0, 'requests while cut off');
        const [online] = await call([local]);
        same(online, world.model, 'files, online');
        const fetched = fileFetches(hub).filter(({ kind }) => client.localNotes !== false || kind === 'cdn');
        same(
          fetched.map(({ url }) => url),
          [],
          'files fetched',
        );
      },
    );
    await proof(
      label,
      'updating over what was landed gives the next version, and leaves the store as it was',
      async () => {
        const before = hub.commit(MODEL);
        hub.update(MODEL, world.next);
        const [local, cached] = await call([snapshot(MODEL, { local_dir: join(home, 'flat') }), snapshot(MODEL)]);
        same(local, world.nextModel, 'files in the folder');
        same(cached, world.nextModel, 'files in the cache');
        const old = snapshot(MODEL, { revision: before });
        const [kept] = await call([old], { env: { HF_HUB_OFFLINE: '1' }, cut: true });
        same(kept, world.model, 'files of the old commit');
        same(falseBlobs(join(home, 'sluice')), [], 'blobs that changed');
      },
    );
    await proof(
      label,
      'a local_dir that the client updates in place, as root over hard links: found by verify, mended by repair, the update kept',
      async () => {
        const folder = join(home, 'flat-of-tag');
        await pull(`hf:${MODEL}@v1.0`, '--to', folder);
        const [local] = await call([snapshot(MODEL, { local_dir: folder })]);
        same(local, world.nextModel, 'files in the folder');
        const changed = falseBlobs(join(home, 'sluice')).length;
        await run('verify', { exit: changed > 0 ? 5 : 0 });
        await run('repair', { exit: 0 });
        same(falseBlobs(join(home, 'sluice')), [], 'blobs that are still wrong');
        const [kept] = await call([snapshot(MODEL, { local_dir: folder })]);
        same(kept, world.nextModel, 'files in the folder after the repair');
      },
    );
    await proof(label, 'no credential reached the second host', () => same(hub.leaks.length, 0, 'leaks'));
  } finally {
    await hub.stop();
  }
}
