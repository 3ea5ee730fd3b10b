import { decode, textAnswer, type Answer, type AnswerHeaders, type SimRequest } from '../answer.js';
import { lfsPointer } from '../git-objects.js';
import type { Commit, Repository, StoredFile } from '../repository.js';
import type { HubState } from '../state.js';
import { answerFileInfo, xetHeaders } from '../xet/hub.js';
import { entryNotFound } from './errors.js';

export interface ResolveTarget {
  readonly repository: Repository;
  readonly commit: Commit;
  readonly pathSegments: readonly string[];
  /** Asked for by the address that a small file's redirect led to. */
  readonly viaCache: boolean;
}

/** `GET /{repo}/resolve/{rev}/{path}`: the bytes, or where they are. */
export function answerResolve(request: SimRequest, state: HubState, target: ResolveTarget): Answer {
  const { repository, commit, pathSegments, viaCache } = target;
  const path = pathSegments.map(decode).join('/');
  const file = commit.files.get(path);
  if (file === undefined) return { ...entryNotFound('resolve', commit.id), path };
  const xet = xetHeaders(request, state.xet, { repository, commit, file });
  const linked = { ...linkedHeaders(commit, file), ...xet };
  const info = answerFileInfo(request, state.xet, { repository, commit, file }, linked);
  if (info !== undefined) return info;
  if (state.xet?.isOnlyWay === true && xet['x-xet-hash'] !== undefined) {
    const headers = { ...linked, etag: `"${file.etag}"` };
    if (request.method === 'HEAD') return { kind: 'resolve', status: 200, headers, path };
    return { ...textAnswer('resolve', 403, 'This file is to be had by Xet only.\n', headers), path };
  }
  if (file.isLfs && state.habits.lfs === 'redirect') {
    const location = state.signedUrls.issue(file.content, file.sha256, baseName(path));
    return redirect(302, location, path, linked);
  }
  if (!file.isLfs && state.habits.resolveCache && !viaCache) {
    const prefix = new URL(request.baseUrl).pathname.replace(/\/$/, '');
    const place = `${prefix}/api/resolve-cache/${repository.kind}s/${repository.id}/${commit.id}/${encodePath(path)}`;
    return redirect(307, `${place}?etag=${encodeURIComponent(`"${file.etag}"`)}`, path, linked);
  }
  const headers = { ...fileHeaders(commit, file), ...xet };
  return { kind: 'resolve', status: 200, headers, body: file.content, isFile: true, path };
}

/** `GET /{repo}/raw/{rev}/{path}`: what git holds, the pointer of an LFS file. */
export function answerRaw(commit: Commit, pathSegments: readonly string[]): Answer {
  const path = pathSegments.map(decode).join('/');
  const file = commit.files.get(path);
  if (file === undefined) return entryNotFound('raw', commit.id);
  const body = file.isLfs ? lfsPointer(file.sha256, file.sizeBytes) : file.content;
  return textAnswer('raw', 200, body, { 'x-repo-commit': commit.id, etag: `"${file.oid}"` });
}

function redirect(status: number, location: string, path: string, headers: AnswerHeaders): Answer {
  const answer = textAnswer('resolve', status, `Redirecting to ${location}`, { ...headers, location });
  return { ...answer, path };
}

function linkedHeaders(commit: Commit, file: StoredFile): AnswerHeaders {
  return {
    'x-repo-commit': commit.id,
    'x-linked-size': String(file.sizeBytes),
    'x-linked-etag': `"${file.etag}"`,
    'accept-ranges': 'bytes',
  };
}

function fileHeaders(commit: Commit, file: StoredFile): AnswerHeaders {
  const name = baseName(file.path);
  const ascii = name.replace(/[^\x20-\x7e]|["\\]/g, '_');
  return {
    'content-type': file.isLfs ? 'application/octet-stream' : 'text/plain; charset=utf-8',
    'content-disposition': `inline; filename*=UTF-8''${encodeURIComponent(name)}; filename="${ascii}";`,
    'x-repo-commit': commit.id,
    etag: `"${file.etag}"`,
    'accept-ranges': 'bytes',
    ...(file.isLfs ? { 'x-linked-size': String(file.sizeBytes), 'x-linked-etag': `"${file.etag}"` } : {}),
  };
}

function baseName(path: string): string {
  return path.split('/').at(-1) ?? path;
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
