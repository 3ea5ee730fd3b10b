import { SluiceError, type ErrorCode } from '../../base/index.js';
import type { ResponseHead } from '../../net/index.js';
import { awayRefusal, serverText, statusRefusal, type Asked } from '../refusal.js';

const CODES: Readonly<Record<string, ErrorCode>> = {
  RepoNotFound: 'REPOSITORY_NOT_FOUND',
  RevisionNotFound: 'REVISION_NOT_FOUND',
  EntryNotFound: 'FILE_NOT_FOUND',
  GatedRepo: 'GATED',
};

/** The error of a Hugging Face answer: by `X-Error-Code` first, over http as over https, then by what mirrors without it say. */
export function huggingFaceRefusal(head: ResponseHead, body: string, asked: Asked): SluiceError {
  const away = awayRefusal(head, body, asked);
  if (away !== undefined) return away;
  if (head.status < 400 || head.status >= 500 || head.status === 429) return statusRefusal(head, body, asked);
  const name = head.headers['x-error-code'] ?? '';
  const code = Object.hasOwn(CODES, name) ? CODES[name] : guess(head, body, asked);
  return code === undefined ? statusRefusal(head, body, asked) : refusal(code, head, body, asked);
}

/** What is meant by answers without a code, from their texts. */
function guess(head: ResponseHead, body: string, asked: Asked): ErrorCode | undefined {
  const text = serverText(head, body);
  if (head.status === 401 && text.includes('Invalid credentials')) return undefined;
  if (/\b(?:is|repo) gated\b|gated repo/i.test(text)) return 'GATED';
  if (head.status !== 404) return undefined;
  if (/invalid rev|revision/i.test(text)) return 'REVISION_NOT_FOUND';
  if (/repo(?:sitory)? (?:was )?not found/i.test(text)) return 'REPOSITORY_NOT_FOUND';
  return asked.path === undefined ? 'REPOSITORY_NOT_FOUND' : 'FILE_NOT_FOUND';
}

function refusal(code: ErrorCode, head: ResponseHead, body: string, asked: Asked): SluiceError {
  const { host } = new URL(head.url);
  const { repository = '', revision = '' } = asked;
  if (code === 'REPOSITORY_NOT_FOUND') return new SluiceError(code, { host, repository });
  if (code === 'REVISION_NOT_FOUND') return new SluiceError(code, { host, repository, revision });
  if (code === 'FILE_NOT_FOUND') return new SluiceError(code, { host, path: asked.path ?? '/' });
  const reason = serverText(head, body);
  return new SluiceError(code, { host, repository, ...(reason === '' ? {} : { reason }) });
}
