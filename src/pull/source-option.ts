import { SluiceError } from '../base/index.js';
import { parseRef, type Ref, type RepositoryRef } from '../hubs/index.js';

/** A `--source` understood. */
export type SourceOption =
  /** An endpoint that speaks a hub's protocol, and has the repository under the same name. */
  | { readonly kind: 'endpoint'; readonly hub: 'hf' | 'ms'; readonly url: string }
  /** A repository that may have the same content under another name, or on another hub. */
  | { readonly kind: 'repository'; readonly ref: RepositoryRef }
  /** Files under their names below a URL that ends in a slash. */
  | { readonly kind: 'folder'; readonly url: string }
  /** The same single file, or the same checksum list. */
  | { readonly kind: 'file'; readonly url: string };

/**
 * Reads one `--source` beside the ref that it is for: `hf:org/name`, `ms:org/name` or a repository's web address; `hf+https://…` and
 * `ms+https://…` for endpoints, which a plain URL is for the ref's own hub; `https://host/folder/`, with a slash at its end (or
 * `files+https://host/`), for plain files. Beside a plain URL, a URL is that of the same file.
 * @throws SluiceError USAGE
 */
export function parseSourceOption(text: string, ref: Ref): SourceOption {
  const refuse = (reason: string): SluiceError => new SluiceError('USAGE', { reason: `--source ${text} ${reason}` });
  const [, prefix, address] = /^(?:(hf|ms|files)\+)?(https?:\/\/.+)$/i.exec(text.trim()) ?? [];
  if (address === undefined) {
    if (!/^(?:hf|ms):/i.test(text.trim())) throw refuse('is not an http(s) URL, and no hf: or ms: ref.');
    return { kind: 'repository', ref: repositoryOf(text, refuse) };
  }
  if (!URL.canParse(address)) throw refuse('is not a valid URL.');
  const hub = prefix?.toLowerCase();
  if (hub === 'files') return { kind: 'folder', url: address.endsWith('/') ? address : `${address}/` };
  if (hub === 'hf' || hub === 'ms') {
    if (ref.origin === 'https') throw refuse('is a hub, and the ref is a plain URL.');
    return { kind: 'endpoint', hub, url: bare(address) };
  }
  const named = parseRef(address);
  if (named.origin !== 'https') return { kind: 'repository', ref: named };
  if (ref.origin === 'https') return { kind: 'file', url: address };
  if (address.endsWith('/') && new URL(address).pathname !== '/') return { kind: 'folder', url: address };
  return { kind: 'endpoint', hub: ref.origin, url: bare(address) };
}

function repositoryOf(text: string, refuse: (reason: string) => SluiceError): RepositoryRef {
  const ref = parseRef(text);
  if (ref.origin === 'https') throw refuse('is no repository.');
  return ref;
}

function bare(url: string): string {
  return url.replace(/\/+$/, '');
}
