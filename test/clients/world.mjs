// The repositories that every client is shown, and what it must find in them.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const TOKENS = { granted: `hf_${'a'.repeat(34)}`, other: `hf_${'b'.repeat(34)}` };

export async function makeWorld(root) {
  const sim = await import(pathToFileURL(join(root, 'dist', 'sim', 'index.js')).href);
  const model = {
    ...sim.makeModel({ seed: 11, sizeBytes: 12_000_000, shards: 2, name: 'Tiny' }),
    'empty.txt': '',
    'notes/ünïcode name [1] #2.txt': 'A name that has to be quoted.\n',
  };
  const next = {
    ...model,
    'README.md': '# The next version\n',
    'model-00001-of-00002.safetensors': sim.seededContent({ seed: 12, sizeBytes: 4_000_000 }),
  };
  const rows = Object.fromEntries(Array.from({ length: 130 }, (_, index) => [`data/${index}.csv`, `row,${index}\n`]));
  const secret = { 'config.json': '{"secret": true}\n' };
  const repositories = [
    {
      id: 'acme/tiny-1.5',
      files: model,
      revisions: [
        { name: 'v1.0', type: 'tag', files: { ...model, 'config.json': '{"revision": "v1.0"}\n' } },
        { name: 'dev', type: 'branch', files: { 'config.json': '{"revision": "dev"}\n' } },
        { name: 'refs/pr/1', type: 'ref', files: { 'config.json': '{"revision": "pr 1"}\n' } },
      ],
    },
    { id: 'acme/rows', kind: 'dataset', files: rows },
    { id: 'acme/gated', gated: true, tokens: [TOKENS.granted], files: secret },
    { id: 'acme/private', private: true, tokens: [TOKENS.granted], files: secret },
  ];
  const users = { [TOKENS.granted]: 'ann', [TOKENS.other]: 'bob' };
  const digest = (value) => sim.sha256Of(sim.toContent(value));
  const digests = (files) => Object.fromEntries(Object.entries(files).map(([path, value]) => [path, digest(value)]));
  return {
    sim,
    repositories,
    digest,
    digests,
    model: digests(model),
    /** The next version of the model, a small and a large file of it changed. */
    next,
    nextModel: digests(next),
    tagged: digests(repositories[0].revisions[0].files),
    rows: digests(rows),
    start: (options = {}) =>
      sim.startSim({ repositories, users, habits: { treePageSize: 50, resolveCache: true }, ...options }),
  };
}

/** Requests that fetched the bytes of files. */
export function fileFetches(hub) {
  return hub.requests.filter(
    ({ kind, method }) => method === 'GET' && ['resolve', 'cdn', 'ms-download', 'plain'].includes(kind),
  );
}

/** Names of blobs below a store's folder whose content is not what the name says; views share these files. */
export function falseBlobs(folder) {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  const blobs = files.filter(({ name }) => /^[0-9a-f]{64}$/.test(name));
  if (blobs.length === 0) throw new Error(`${folder} holds no blobs`);
  return blobs.flatMap(({ name, parentPath, path }) => {
    const actual = createHash('sha256')
      .update(readFileSync(join(parentPath ?? path, name)))
      .digest('hex');
    return actual === name ? [] : [name];
  });
}
