import type { Answer, SimRequest } from './answer.js';
import { toContent, type Content } from './content.js';
import type { Fault } from './faults.js';
import { parseRange } from './range.js';
import { spoilAnswer } from './spoil-answer.js';
import { spoilReply } from './spoil-reply.js';

/** An answer as it will be put on the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly content: Content;
  readonly start: number;
  readonly end: number;
  readonly framing: 'length' | 'chunked' | 'close';
}

const EMPTY = toContent('');

/** Applies to an answer the faults that change what it says, then the conditions and the range of the request. */
export function makeReply(request: SimRequest, answer: Answer, faults: readonly Fault[], trapUrl: string): Reply {
  const faulty = faults.reduce((sofar, fault) => spoilAnswer(request, sofar, fault, trapUrl), answer);
  const reply = selectRange(request, faulty, faults);
  return faults.reduce((sofar, fault) => spoilReply(sofar, fault), reply);
}

function selectRange(request: SimRequest, answer: Answer, faults: readonly Fault[]): Reply {
  const content = answer.body ?? EMPTY;
  const whole: Reply = {
    status: answer.status,
    headers: { ...answer.headers },
    content,
    start: 0,
    end: content.sizeBytes,
    framing: 'length',
  };
  if (answer.isFile !== true) return whole;
  const { etag, 'last-modified': lastModified } = answer.headers;
  const { 'if-none-match': ifNoneMatch, 'if-range': ifRange } = request.headers;
  if (ifNoneMatch !== undefined && ifNoneMatch === etag) return { ...whole, status: 304, content: EMPTY, end: 0 };
  if (faults.some((fault) => fault.type === 'ignore-range')) return whole;
  if (ifRange !== undefined && ifRange !== etag && ifRange !== lastModified) return whole;
  if (content.sizeBytes === 0) return whole;
  const range = parseRange(request.headers.range, content.sizeBytes);
  if (range === 'all') return whole;
  if (range === 'unsatisfiable') {
    const headers = { ...whole.headers, 'content-range': `bytes */${content.sizeBytes}` };
    return { ...whole, status: 416, headers, content: EMPTY, end: 0 };
  }
  const short = faults.find((fault) => fault.type === 'short-range');
  const end = short === undefined ? range.end : Math.min(range.end, range.start + short.bytes);
  const headers = { ...whole.headers, 'content-range': `bytes ${range.start}-${end - 1}/${content.sizeBytes}` };
  return { ...whole, status: 206, headers, start: range.start, end };
}
