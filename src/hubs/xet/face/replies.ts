import type { SluiceError } from '../../../base/index.js';
import type { FaceReply } from '../../face.js';
import { hostlessWords } from '../../hostless.js';

export function json(value: unknown): FaceReply {
  const headers = { 'content-type': 'application/json', 'access-control-allow-origin': '*' };
  return { status: 200, headers, body: JSON.stringify(value) };
}

export function text(status: number, body: string): FaceReply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', 'access-control-allow-origin': '*' }, body };
}

/** Clients ask again upon 5xx and take everything else as final. */
export function refusalOf(error: SluiceError): FaceReply {
  if (error.exitCode === 6) return text(403, hostlessWords(error));
  const status = { 3: 404, 4: 403, 7: 503 }[error.exitCode as number] ?? 500;
  const reply = text(status, status === 503 ? 'The hub cannot be asked now.' : 'It cannot be had.');
  return status === 503 ? { ...reply, headers: { ...reply.headers, 'retry-after': '5' } } : reply;
}

/** Final for clients: what they have of the file must not be completed. */
export function wrongReply(): FaceReply {
  return text(404, 'Bytes of this file that were given out before were wrong: begin anew.');
}
