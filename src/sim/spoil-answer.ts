import type { Answer, AnswerHeaders, SimRequest } from './answer.js';
import { toContent, wholeContent, type Content } from './content.js';
import type { Fault } from './faults.js';
import { spoilXorb } from './xet/spoil-xorb.js';

/** The answer with a fault in what it says. */
export function spoilAnswer(request: SimRequest, answer: Answer, fault: Fault, trapUrl: string): Answer {
  if (fault.type === 'status') {
    const body = fault.body ?? JSON.stringify({ error: `Simulated ${fault.status}` });
    const headers = { 'content-type': 'application/json', ...fault.headers };
    return { kind: answer.kind, status: fault.status, headers, body: toContent(body) };
  }
  if (fault.type === 'rate-limit') return tooMany(answer, windowHeaders(fault));
  if (fault.type === 'concurrency-limit') {
    const { retryAfterSeconds: seconds } = fault;
    return tooMany(answer, seconds === undefined ? {} : { 'retry-after': String(seconds) });
  }
  if (fault.type === 'redirect') {
    const location = redirectTarget(request, fault.to, trapUrl);
    return { kind: answer.kind, status: fault.status ?? 302, headers: { ...answer.headers, location } };
  }
  if (fault.type === 'body') {
    const headers = { 'content-type': fault.contentType };
    return { kind: answer.kind, status: fault.status ?? 200, headers, body: toContent(fault.content) };
  }
  if (fault.type === 'changed') return changed(answer, toContent(fault.content), fault.etag);
  if (fault.type === 'xorb-chunk' && answer.xorb !== undefined) {
    return { ...answer, body: spoilXorb(answer.xorb, fault.chunk, fault.damage) };
  }
  if (fault.type === 'edit-json' && answer.body !== undefined) {
    const value: unknown = JSON.parse(wholeContent(answer.body).toString());
    return { ...answer, body: toContent(JSON.stringify(fault.edit(value))) };
  }
  return answer;
}

/** A redirect to a file's bytes tells of the change only in what it says about them. */
function changed(answer: Answer, content: Content, etag: string): Answer {
  if (answer.isFile === true) return { ...answer, headers: { ...answer.headers, etag }, body: content };
  if (answer.headers['x-linked-etag'] === undefined) return answer;
  const linked = { 'x-linked-etag': etag, 'x-linked-size': String(content.sizeBytes) };
  return { ...answer, headers: { ...answer.headers, ...linked } };
}

function windowHeaders(limit: Extract<Fault, { type: 'rate-limit' }>): AnswerHeaders {
  const seconds = Math.ceil(limit.windowMs / 1000);
  const dialects = {
    seconds: { 'retry-after': String(seconds) },
    date: { 'retry-after': new Date(Date.now() + seconds * 1000).toUTCString() },
    ratelimit: {
      ratelimit: `"api";r=0;t=${seconds}`,
      'ratelimit-policy': `"fixed window";"api";q=${limit.requests};w=${seconds}`,
    },
    nothing: {},
  } as const;
  return dialects[limit.tell];
}

function tooMany(answer: Answer, headers: AnswerHeaders): Answer {
  return {
    kind: answer.kind,
    status: 429,
    headers: { 'content-type': 'application/json', ...headers },
    body: toContent(JSON.stringify({ error: 'Too many requests' })),
  };
}

function redirectTarget(request: SimRequest, to: string, trapUrl: string): string {
  if (to === 'trap') return `${trapUrl}/trap`;
  if (to !== 'self') return to;
  const hop = Number(request.query.get('hop') ?? 0) + 1;
  return `${request.baseUrl}${request.rawPath}?hop=${hop}`;
}
