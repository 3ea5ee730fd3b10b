import { sha256Of } from './content.js';
import { textAnswer, type Answer, type SimRequest } from './answer.js';
import type { HubState } from './state.js';
import { answerXorb } from './xet/answer-xorb.js';

/** The second host: signed URLs only, no accounts. Any credential that reaches it is a leak and gets a loud 400. */
export function answerCdn(request: SimRequest, state: HubState): Answer {
  if (credentialsIn(request)) {
    return textAnswer('cdn', 400, 'Credentials were sent to a host that they are not for.\n');
  }
  if (isTrap(request)) return textAnswer('cdn', 200, 'trap\n');
  const xorb = state.xet === undefined ? undefined : answerXorb(request, state.xet);
  if (xorb !== undefined) return xorb;
  const content = state.signedUrls.open(request.query);
  if (content === 'unknown') return denied('SignatureDoesNotMatch', 'The signature is not one of ours');
  if (content === 'expired') return denied('AccessDenied', 'Request has expired');
  return {
    kind: 'cdn',
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      ...(state.habits.cdnEtag ? { etag: `"${sha256Of(content)}"` } : {}),
      'accept-ranges': 'bytes',
    },
    body: content,
    isFile: true,
  };
}

/** Where the fault `redirect` to `trap` leads. */
export function isTrap(request: SimRequest): boolean {
  return request.host === 'cdn' && request.rawPath === '/trap';
}

/** Credentials at a host that they are not for: any at the second one, an account's at the storage service. */
export function isLeak(request: SimRequest, state: HubState): boolean {
  if (request.host === 'hub') return false;
  if (request.host === 'cdn') return credentialsIn(request);
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  return request.headers.cookie !== undefined || (token !== undefined && state.users.has(token));
}

function credentialsIn(request: Pick<SimRequest, 'headers'>): boolean {
  return request.headers.authorization !== undefined || request.headers.cookie !== undefined;
}

function denied(code: string, message: string): Answer {
  return textAnswer(
    'cdn',
    403,
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
    {
      'content-type': 'application/xml',
    },
  );
}
