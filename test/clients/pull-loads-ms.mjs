// (a) for ModelScope: what `sluice pull` lands is found by stock clients of both generations.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { python, sluice } from './processes.mjs';
import { holds, proof, same } from './report.mjs';
import { SNAPSHOT, endpointArgument, expectedOf, startForModelScope } from './sim-accepts-ms.mjs';
import { falseBlobs, fileFetches } from './world.mjs';

const MODEL = 'acme/tiny-1.5';
/** Said by the clients about whatever is loaded with local_files_only, also about what they fetched themselves. */
const UNAVOIDABLE = /We can not confirm the cached file is for revision/;

export async function pullLoadsModelScope({ root, world, client, scratch }) {
  const label = `${client.name} after a pull`;
  const { hub, env } = await startForModelScope({ world, client, scratch });
  const legacy = client.family === 'ms-legacy';
  const view = legacy ? ['--view', 'modelscope-legacy'] : [];
  const home = mkdtempSync(join(scratch, 'home-'));
  const settings = { HOME: home, MODELSCOPE_CACHE: join(home, 'cache'), ...env };
  const pullEnvironment = { ...settings, MODELSCOPE_ENDPOINT: hub.url, SLUICE_HOME: join(home, 'sluice') };
  const trust = env.SSL_CERT_FILE === undefined ? [] : ['--ca', env.SSL_CERT_FILE];
  const pull = (...args) => sluice(root, ['pull', ...args, ...view, ...trust], { env: pullEnvironment });
  /** Calls of the client that must succeed without a warning. These clients report progress on standard error: its words are not judged. */
  const call = async (kwargs, { cut = false } = {}) => {
    const step = {
      call: SNAPSHOT,
      args: [MODEL],
      kwargs: { ...kwargs, ...endpointArgument(client, hub) },
      want: 'tree',
    };
    const { results } = await python(
      client.python,
      'steps.py',
      { module: 'modelscope', steps: [step] },
      { env: settings, cut },
    );
    const [{ error, message, warnings, value }] = results;
    holds(error === undefined, `${error?.[0]}: ${message}`);
    return { files: expectedOf(client, value), warnings };
  };
  try {
    await proof(label, 'loads offline, cut off, with local_files_only; nothing downloaded', async () => {
      await pull(`ms:${MODEL}`);
      hub.forget();
      const { files, warnings } = await call({ local_files_only: true }, { cut: true });
      same(files, expectedOf(client, world.model), 'files of master');
      same(
        warnings.filter((text) => !UNAVOIDABLE.test(text)),
        [],
        'warnings',
      );
      same(hub.requests.length, 0, 'requests');
    });
    await proof(label, 'online, warm: asks the hub and fetches no file', async () => {
      hub.forget();
      const { files, warnings } = await call({ revision: 'master' });
      same(files, expectedOf(client, world.model), 'files of master');
      same(warnings, [], 'warnings');
      holds(hub.requests.length > 0, 'the client was online');
      same(
        fileFetches(hub).map(({ url }) => url),
        [],
        'files fetched',
      );
    });
    await proof(label, 'a tag, after a pull of it: online without a file fetched', async () => {
      await pull(`ms:${MODEL}@v1.0`);
      hub.forget();
      const { files } = await call({ revision: 'v1.0' });
      same(files, expectedOf(client, world.tagged), 'files of v1.0');
      same(
        fileFetches(hub).map(({ url }) => url),
        [],
        'files fetched',
      );
    });
    await proof(
      label,
      'updating over what was landed gives the next version, and leaves the store as it was',
      async () => {
        await pull(`ms:${MODEL}`);
        hub.update(MODEL, world.next);
        const { files } = await call({ revision: 'master' });
        same(files, expectedOf(client, world.nextModel), 'files of master');
        same(falseBlobs(join(home, 'sluice')), [], 'blobs that changed');
      },
    );
    await proof(label, 'no credential reached the second host', () => same(hub.leaks.length, 0, 'leaks'));
  } finally {
    await hub.stop();
  }
}
