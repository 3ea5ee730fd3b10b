import type { FaceReply, Snapshot } from '../../face.js';
import { errorReply, headerText } from './errors.js';

/** What answers about a snapshot have in common. */
export function snapshotHeaders(snapshot: Pick<Snapshot, 'pinned' | 'status' | 'warning'>): Record<string, string> {
  return { 'x-repo-commit': snapshot.pinned.commit, ...ageHeaders(snapshot) };
}

/** The Python client shows a warning once for each topic. */
export function ageHeaders({ status, warning }: Pick<Snapshot, 'status' | 'warning'>): Record<string, string> {
  if (warning === undefined) return { 'x-cache-status': status };
  const text = headerText(`stale; the hub could not be asked, this is what it said before (${warning})`);
  return { 'x-cache-status': status, 'x-hf-warning': text };
}

export function json(value: unknown, headers: Readonly<Record<string, string>>): FaceReply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

/** With the commit, so that clients remember it. */
export function entryNotFound(snapshot: Snapshot): FaceReply {
  return errorReply(404, 'EntryNotFound', 'Entry not found', snapshotHeaders(snapshot));
}

/** `true|True|1`, as httpx, requests and JavaScript write it. */
export function isTrue(text: string | null | undefined): boolean {
  return /^(?:true|1)$/i.test(text ?? '');
}
