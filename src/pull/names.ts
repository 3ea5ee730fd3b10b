import { createHash } from 'node:crypto';
import type { Ref } from '../hubs/index.js';

/** The folder name of a repository in the store's documents, e.g. `hf/models--org--name`; a URL is named by its hash. */
export function repositoryName(ref: Ref): string {
  if (ref.origin === 'https') return `https/${createHash('sha256').update(ref.url).digest('hex').slice(0, 40)}`;
  return `${ref.origin}/${ref.kind}s--${ref.id.replace('/', '--')}`;
}

/** The document that holds a commit's listing. */
export function manifestName(ref: Ref, commit: string): string {
  return `${repositoryName(ref)}/${commit}`;
}

/** The document that remembers what the revisions of a repository meant when they were last asked. */
export function revisionsName(ref: Ref): string {
  return repositoryName(ref);
}

/** The document of one commit shown in one place. */
export function holdingName(ref: Ref, commit: string, view: string, root: string): string {
  const place = createHash('sha256').update(`${view}\0${root}`).digest('hex').slice(0, 16);
  return `${repositoryName(ref)}/${commit}-${place}`;
}
