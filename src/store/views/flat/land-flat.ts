import { join } from 'node:path';
import { SluiceError, printable } from '../../../base/index.js';
import { calls } from '../../files/calls.js';
import { CACHEDIR_TAG } from '../hf/cachedir-tag.js';
import { etagOf } from '../hf/etag.js';
import { treeDocument } from '../hf/tree-document.js';
import { landFiles, type Landed, type LayoutContext } from '../layout-context.js';
import { LADDER, linkLadder } from '../place/link-ladder.js';
import type { LinkMethod, ViewFile } from '../port.js';
import { formatMetadata, parseMetadata } from './local-dir-metadata.js';

/** Small files are what people open and change; a link would let them write into the store. */
const EDITABLE_MAX_BYTES = 1024 * 1024;
const OWN_FOLDER = '.cache/huggingface';

/**
 * Lands files in a plain folder. For Hugging Face repositories with the metadata that `hf download --local-dir` keeps, so that its
 * client finds everything up to date.
 */
export async function landFlat(context: LayoutContext): Promise<Landed> {
  const { placer, request } = context;
  const copying = linkLadder(['reflink', 'copy']);
  // A clone can be written to without harm; a hard link comes first only where people asked for it.
  const sharing = context.links === LADDER ? linkLadder(['reflink', 'hardlink', 'symlink', 'copy']) : undefined;
  const withMetadata = request.origin === 'hf' && /^[0-9a-f]{40}$/.test(request.commit);
  for (const { path } of request.files) assertNotOurs(path);
  const methods = await landFiles(request, async (file) => {
    const editable = !file.lfs && file.sizeBytes < EDITABLE_MAX_BYTES;
    const method = await placer.blob(file.path, file.sha256, editable ? copying : sharing);
    if (withMetadata) await writeMetadata(context, file);
    return method;
  });
  if (withMetadata) {
    await placer.text(`${OWN_FOLDER}/.gitignore`, '*');
    await placer.text(`${OWN_FOLDER}/CACHEDIR.TAG`, CACHEDIR_TAG);
    const tree = treeDocument(request);
    if (tree !== undefined) await placer.text(`${OWN_FOLDER}/trees/${request.commit}.json`, tree);
  }
  return { path: '', methods: methods satisfies readonly LinkMethod[] };
}

/** Its client believes the metadata while the file is not younger than it, give or take a second. */
async function writeMetadata({ placer, store, request }: LayoutContext, file: ViewFile): Promise<void> {
  const path = `${OWN_FOLDER}/download/${file.path}.metadata`;
  const etag = await etagOf(file, store);
  const { mtimeNs } = await calls.lstat(join(placer.root, file.path));
  const now = await placer.read(path);
  const held = now === undefined ? undefined : parseMetadata(now.toString('utf8'));
  const current = held?.commit === request.commit && held.etag === etag && Number(mtimeNs) / 1e9 - 1 <= held.timestampS;
  const content = formatMetadata({ commit: request.commit, etag, timestampS: Date.now() / 1000 });
  await placer.text(path, current && now !== undefined ? now : content);
}

function assertNotOurs(path: string): void {
  const folded = path.toLowerCase();
  if (folded !== OWN_FOLDER && !folded.startsWith(`${OWN_FOLDER}/`)) return;
  throw new SluiceError('UNSAFE_PATH', { path: printable(path), reason: 'belongs to the layout itself' });
}
