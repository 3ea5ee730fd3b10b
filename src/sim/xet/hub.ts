import { jsonAnswer, type Answer, type AnswerHeaders, type SimRequest } from '../answer.js';
import type { Commit, Repository, StoredFile } from '../repository.js';
import type { XetService } from './service.js';

const FILE_INFO = 'application/vnd.xet-fileinfo+json';

export interface HubFile {
  readonly repository: Repository;
  readonly commit: Commit;
  readonly file: StoredFile;
}

/** `GET /api/models/{repo}/xet-read-token/{rev}`: in JSON, and in headers for older clients. */
export function answerXetToken(xet: XetService | undefined, repository: Repository): Answer {
  if (xet === undefined) return jsonAnswer('xet-token', { error: 'Not Found' }, 404);
  const { accessToken, exp } = xet.tokens.issue(repository);
  const value = { accessToken, exp, casUrl: xet.casUrl };
  return jsonAnswer('xet-token', value, 200, {
    'x-xet-cas-url': xet.casUrl,
    'x-xet-access-token': accessToken,
    'x-xet-token-expiration': String(exp),
  });
}

/** What `resolve` says about a file that lies in the storage service; nothing for others. */
export function xetHeaders(request: SimRequest, xet: XetService | undefined, at: HubFile): AnswerHeaders {
  const links = xetLinks(request, xet, at);
  if (links === undefined) return {};
  const { hash, refreshUrl, reconstructionUrl } = links;
  return {
    'x-xet-hash': hash,
    link: `<${refreshUrl}>; rel="xet-auth", <${reconstructionUrl}>; rel="xet-reconstruction-info"`,
  };
}

/** The answer to `resolve` for clients that ask for nothing but how to get the file from the storage service. */
export function answerFileInfo(
  request: SimRequest,
  xet: XetService | undefined,
  at: HubFile,
  headers: AnswerHeaders,
): Answer | undefined {
  const links = xetLinks(request, xet, at);
  if (links === undefined || !(request.headers.accept ?? '').includes(FILE_INFO)) return undefined;
  const value = { ...links, etag: `"${at.file.etag}"`, size: at.file.sizeBytes };
  const answer = jsonAnswer('resolve', value, 200, { ...headers, 'content-type': FILE_INFO });
  return { ...answer, path: at.file.path };
}

function xetLinks(
  request: SimRequest,
  xet: XetService | undefined,
  { repository, commit, file }: HubFile,
): { readonly hash: string; readonly refreshUrl: string; readonly reconstructionUrl: string } | undefined {
  const hash = xet?.find(file)?.hash;
  if (xet === undefined || hash === undefined) return undefined;
  return {
    hash,
    refreshUrl: `${request.baseUrl}/api/${repository.kind}s/${repository.id}/xet-read-token/${commit.id}`,
    reconstructionUrl: `${xet.casUrl}/v1/reconstructions/${hash}`,
  };
}
