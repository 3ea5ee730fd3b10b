import { SluiceError } from '../../base/index.js';
import type { ResponseHead } from '../../net/index.js';
import { awayRefusal, serverText, statusRefusal, type Asked } from '../refusal.js';

/** The error of a ModelScope answer that is not a success. */
export function modelScopeRefusal(head: ResponseHead, body: string, asked: Asked): SluiceError {
  const away = awayRefusal(head, body, asked);
  if (away !== undefined) return away;
  const { host } = new URL(head.url);
  const reason = serverText(head, body);
  const { repository = '', revision = '' } = asked;
  if (head.status === 404 && /\brevision\b|\bbranch\b|\bcommit\b/i.test(reason))
    return new SluiceError('REVISION_NOT_FOUND', { host, repository, revision });
  if (head.status === 403 && /\bapply\b|gated|申请/i.test(reason))
    return new SluiceError('GATED', { host, repository, reason });
  return statusRefusal(head, body, asked);
}

/** The error of an envelope that says no in an answer with status 200: its code is a status, or ends like one. */
export function envelopeRefusal(code: number, message: string, head: ResponseHead, asked: Asked): SluiceError {
  const status = code >= 400 && code < 600 ? code : statusOf(code);
  const body = JSON.stringify({ Message: message });
  if (status === undefined) {
    const reason = `${code}: ${serverText(head, body)}`;
    return new SluiceError('BAD_RESPONSE', { host: new URL(head.url).host, reason });
  }
  return modelScopeRefusal({ ...head, status }, body, asked);
}

/** 10010205001 is "not found or hidden" and 10010300403 "not allowed", as both generations of clients know them. */
function statusOf(code: number): number | undefined {
  if (code === 10_010_205_001 || code === 10_010_200_001) return 404;
  const tail = code % 1000;
  return tail >= 400 && tail < 600 ? tail : undefined;
}
