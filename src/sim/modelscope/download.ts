import { textAnswer, type Answer, type SimRequest } from '../answer.js';
import type { Commit } from '../repository.js';
import type { HubState } from '../state.js';
import { msNotFound } from './envelope.js';

/** `GET /api/v1/models/{id}/repo?Revision=&FilePath=`: the bytes, or where they are. */
export function answerDownload(request: SimRequest, state: HubState, commit: Commit): Answer {
  const path = request.query.get('FilePath') ?? '';
  const file = commit.files.get(path);
  if (file === undefined) return { ...msNotFound('ms-download', `File ${path}`), path };
  if (file.isLfs && state.habits.lfs === 'redirect') {
    const location = state.signedUrls.issue(file.content, file.sha256, path.split('/').at(-1) ?? path);
    return { ...textAnswer('ms-download', 302, '', { location }), path };
  }
  return {
    kind: 'ms-download',
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(path.split('/').at(-1) ?? path)}`,
      'accept-ranges': 'bytes',
      'x-linked-etag': file.sha256,
      etag: `"${file.oid}"`,
    },
    body: file.content,
    isFile: true,
    path,
  };
}
