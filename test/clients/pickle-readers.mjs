// What the scanner takes for a pickle that all readers agree on, three readers of the Python at hand agree on; what both picklers write, it takes.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { python as runPython } from './processes.mjs';
import { holds, proof } from './report.mjs';

const SEED = 20261122;
const COUNT = 3000;
/** Raised by what a stream imports or calls, not by how it is read. */
const BY_CALLS = new Set(['Refused', 'TypeError', 'ValueError', 'LookupError', 'AttributeError', 'UnicodeEncodeError']);

export async function pickleReaders({ root, python }) {
  const load = (name) => import(pathToFileURL(join(root, 'dist', 'scan', name)));
  const { runPickle } = await load('pickle/machine.js');
  const { sourceOfBuffer } = await load('index.js');
  const { streams } = await runPython(python, 'pickles.py', { seed: SEED, count: COUNT }, { cut: true });
  const runs = [];
  for (const stream of streams)
    runs.push({ stream, run: await runPickle(sourceOfBuffer(Buffer.from(stream.hex, 'hex')), 0, []) });
  const agrees = ({ c, python: slow, pickletools }, { imports, findings }) =>
    [c, slow, pickletools].every((word) => word === 'ok') ||
    (c === slow && pickletools === 'ok' && (findings.length > 0 || (imports.length > 0 && BY_CALLS.has(c))));
  const shown = ({ stream, run }) => JSON.stringify({ ...stream, outcome: run.outcome, findings: run.findings });

  await proof('readers of pickles', 'what both picklers write is taken by all', () => {
    const wrong = runs.find(
      ({ stream, run }) => stream.made && (run.outcome !== 'ok' || run.findings.length > 0 || !agrees(stream, run)),
    );
    holds(wrong === undefined, wrong && shown(wrong));
  });
  await proof('readers of pickles', 'of spoiled ones none is taken that readers differ on', () => {
    const taken = runs.filter(({ stream, run }) => !stream.made && run.outcome === 'ok');
    holds(taken.length > COUNT / 50, `${taken.length} spoiled streams are still pickles`);
    const wrong = taken.find(({ stream, run }) => !agrees(stream, run));
    holds(wrong === undefined, wrong && shown(wrong));
  });
}
