import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assertSafePath } from '../../../base/index.js';
import { writeAtomic } from '../../files/write-atomic.js';
import { LEASE_TIMING } from '../../lease/lease-timing.js';
import { takeLease } from '../../lease/take-lease.js';
import { landFiles, type Landed, type LayoutContext } from '../layout-context.js';
import type { ViewRequest } from '../port.js';
import { buildIndex, formatIndex } from './repository-index.js';
import { describeRepository, parseRepository } from './repository-metadata.js';

/**
 * Lands a repository in Sluice's own layout (docs/FORMATS.md): `models/<origin>/<org>/<name>/<commit>/` with the files, a document in
 * `metadata/`, and `index.json` over all of them. Every commit has a folder of its own, so nothing that is in use ever changes.
 */
export async function landRepository(context: LayoutContext): Promise<Landed> {
  const { placer, request } = context;
  const folder = assertSafePath(`${repositoryPath(request)}/${request.commit}`);
  const methods = await landFiles(request, (file) => placer.blob(`${folder}/${file.path}`, file.sha256));
  const metadata = `metadata/${folder}.json`;
  await withIndexLease(placer.root, async () => {
    const old = await placer.read(metadata);
    const before = old === undefined ? undefined : parseRepository(old.toString('utf8'));
    const next = `${JSON.stringify(describeRepository(request, folder, before), undefined, 2)}\n`;
    await placer.text(metadata, next);
    await placer.text('index.json', formatIndex(await buildIndex(placer.root)));
  });
  // The index belongs to the whole.
  placer.entries.delete('index.json');
  return { path: folder, methods };
}

/** `models/hf/org/name`. A name without organisation stands under `_`; a port's colon, which Windows cannot hold, becomes `+`. */
export function repositoryPath(request: Pick<ViewRequest, 'origin' | 'kind' | 'id'>): string {
  const names = request.id
    .replaceAll(':', '+')
    .split('/')
    .filter((name) => name !== '');
  const [first, ...more] = names;
  const path = more.length === 0 ? ['_', first ?? '_'] : names;
  return [`${request.kind}s`, request.origin, ...path].join('/');
}

/** Makes `index.json` again after something was removed; without repositories there is none. */
export async function refreshIndex(root: string): Promise<void> {
  await withIndexLease(root, async () => {
    const path = join(root, 'index.json');
    const index = await buildIndex(root);
    if (index.repositories.length === 0) await rm(path, { force: true });
    else await writeAtomic(path, formatIndex(index), { sync: 'file' });
  });
}

/** One process at a time rewrites the index. */
async function withIndexLease(root: string, work: () => Promise<void>): Promise<void> {
  const signal = new AbortController().signal;
  const lease = await takeLease(join(root, '.index.lease'), { tmp: root, timing: LEASE_TIMING, signal });
  try {
    await work();
  } finally {
    await lease?.release();
  }
}
