// `npm run test:clients`: real clients against the simulator, against what `sluice pull` lands, and against `sluice serve`.
//   node test/clients/run.mjs [--only oms|vectors|cosign|pickles|corpora|images|sites|lfs|proxies|sim|xet|pull|serve|real|weights]... [--client NAME]... [--corpora FOLDER] [--prepare]
// Every proof prints a line; the last line is `N passed, M failed`. Packages come from pip's own configuration, everything else from loopback.
// `--corpora`: checkouts of picklescan, fickling and modelscan, each a folder of it, whose own tests are asked too.
// `--prepare` only makes the environments, which whoever runs this next finds.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ENVIRONMENTS, findPython, makeEnvironments } from './environments.mjs';
import { networkCut } from './processes.mjs';
import { proof, summary } from './report.mjs';
import { corpora } from './corpora.mjs';
import { simAcceptsHuggingFace } from './sim-accepts-hf.mjs';
import { simAcceptsModelScope } from './sim-accepts-ms.mjs';
import { imageSigners } from './image-signers.mjs';
import { modelSigning } from './model-signing.mjs';
import { omsVectors } from './oms-vectors.mjs';
import { pickleReaders } from './pickle-readers.mjs';
import { proxies } from './proxies.mjs';
import { pullLoadsHuggingFace } from './pull-loads-hf.mjs';
import { pullLoadsModelScope } from './pull-loads-ms.mjs';
import { realModel } from './real-model.mjs';
import { serveImages } from './serve-images.mjs';
import { serveLfs } from './serve-lfs.mjs';
import { serveSites } from './serve-sites.mjs';
import { serveHuggingFace } from './serve-hf.mjs';
import { serveJavaScript } from './serve-js.mjs';
import { weights } from './weights.mjs';
import { makeWorld } from './world.mjs';
import { serveModelScope } from './serve-ms.mjs';
import { xetDownloadsHuggingFace } from './xet-downloads-hf.mjs';

const SUITES = [
  { part: 'sim', families: ['hf'], suite: simAcceptsHuggingFace },
  { part: 'sim', families: ['ms', 'ms-legacy'], suite: simAcceptsModelScope },
  { part: 'xet', families: ['hf'], suite: xetDownloadsHuggingFace },
  { part: 'pull', families: ['hf'], suite: pullLoadsHuggingFace },
  { part: 'pull', families: ['ms', 'ms-legacy'], suite: pullLoadsModelScope },
  { part: 'serve', families: ['ms', 'ms-legacy'], suite: serveModelScope },
  { part: 'serve', families: ['hf'], suite: serveHuggingFace },
  { part: 'serve', families: ['js'], suite: serveJavaScript },
  { part: 'corpora', families: ['corpora'], suite: corpora },
  { part: 'oms', families: ['oms'], suite: modelSigning },
  // Fetched from their repository: only when it is named.
  { part: 'vectors', families: ['oms'], suite: omsVectors, isNamedOnly: true },
  { part: 'real', families: ['real'], suite: realModel },
  // 9 GB of environments, for PyTorch's packages bring CUDA's: only when it is named.
  { part: 'weights', families: ['weights'], suite: weights, isNamedOnly: true },
];

/** Those that need no environment of Python. */
const PLAIN = [
  { part: 'images', suite: serveImages },
  { part: 'sites', suite: serveSites },
  { part: 'lfs', suite: serveLfs },
  { part: 'proxies', suite: proxies },
  { part: 'pickles', suite: pickleReaders },
  // Building cosign takes minutes: only when it is named.
  { part: 'cosign', suite: imageSigners, isNamedOnly: true },
];

const root = dirname(dirname(import.meta.dirname));
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    client: { type: 'string', multiple: true },
    corpora: { type: 'string' },
    prepare: { type: 'boolean' },
  },
});

process.exitCode = await main();

async function main() {
  const python = findPython();
  if (python === undefined) {
    process.stdout.write('There is no Python here: the clients cannot run, nothing was proven.\n');
    return summary();
  }
  if (python.error !== undefined) {
    process.stdout.write(`FAIL ${python.error}\n`);
    return 1;
  }
  const suites = SUITES.filter(({ part, isNamedOnly }) => options.only?.includes(part) ?? isNamedOnly !== true);
  const families = new Set(suites.flatMap((suite) => suite.families));
  const wanted = ENVIRONMENTS.filter(
    ({ name, family }) => families.has(family) && (options.client?.includes(name) ?? true),
  );
  const plain = PLAIN.filter(
    ({ part, isNamedOnly }) => options.client === undefined && (options.only?.includes(part) ?? isNamedOnly !== true),
  );
  if (wanted.length === 0 && plain.length === 0) {
    process.stdout.write('FAIL nothing is selected\n');
    return 1;
  }
  process.stdout.write(`Python ${python.version}; the network is cut by ${networkCut.how}\n`);
  const environments = await makeEnvironments(root, python, wanted);
  if (options.prepare) return 0;
  if (!existsSync(join(root, 'dist', 'sim', 'index.js'))) {
    process.stdout.write('Nothing is built: run `npm run build` first.\n');
    return 1;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-clients-'));
  try {
    const world = await makeWorld(root);
    const insiders = wanted.flatMap((environment) => {
      const client = { ...environment, ...environments.get(environment.name) };
      if (client.error !== undefined) return [{ part: 'none', prove: () => tellOf(client) }];
      return suites
        .filter(({ families }) => families.includes(client.family))
        .map(({ part, suite }) => ({
          part,
          prove: (folder) => proveSuite(client.name, suite, { root, world, client, scratch: folder, corpora: options.corpora }), // prettier-ignore
        }));
    });
    const outsiders = plain.map(({ part, suite }) => ({
      part,
      prove: (folder) => proveSuite(part, suite, { root, scratch: folder, world, python: python.python }),
    }));
    await sideBySide([...insiders, ...outsiders], scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return summary();
}

async function tellOf({ name, error }) {
  await proof(name, 'the environment can be made (needs python3-venv and a package index)', () => {
    throw new Error(error);
  });
}

/** A suite that cannot even start is a failure of its own, and the next one still runs. */
async function proveSuite(label, suite, given) {
  await suite(given).catch((reason) => proof(label, suite.name, () => Promise.reject(reason)));
}

/** Clients wait for interpreters that start, and for minutes until they ask a hub that is ill once more: many side by side, those first, each suite with servers and a folder of its own. */
async function sideBySide(jobs, scratch) {
  const isPatient = ({ part }) => part === 'serve' || part === 'oms';
  const queue = [...jobs.filter(isPatient).reverse(), ...jobs.filter((job) => !isPatient(job))];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await next.prove(mkdtempSync(join(scratch, 'client-')));
    }
  };
  await Promise.all(Array.from({ length: 2 * Math.max(2, Math.min(4, availableParallelism())) }, worker));
}
