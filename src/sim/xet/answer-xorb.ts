import { textAnswer, type Answer, type SimRequest } from '../answer.js';
import { joinContent, type Content } from '../content.js';
import { parseRange, type ByteRange } from '../range.js';
import type { XetService } from './service.js';
import { XORB_PATH } from './xorb-urls.js';

const BOUNDARY = 'sim-xorb-part';

/** A xorb on the second host, by a signed URL; undefined for other paths. Several ranges come as multipart/byteranges (RFC 9110 §14.6). */
export function answerXorb(request: SimRequest, xet: XetService): Answer | undefined {
  if (!request.rawPath.startsWith(XORB_PATH)) return undefined;
  const hash = request.rawPath.slice(XORB_PATH.length);
  const { range } = request.headers;
  const verdict = xet.urls.check(hash, request.query, range);
  if (verdict === 'unknown') return denied('SignatureDoesNotMatch', 'The signature is not one of ours');
  if (verdict === 'expired') return denied('AccessDenied', 'Request has expired');
  if (verdict === 'other-range') return denied('AccessDenied', 'The range is not the one that was signed');
  const xorb = xet.library.xorbs.get(hash);
  if (xorb === undefined) return denied('NoSuchKey', 'There is no such xorb');
  const headers = { 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes', etag: `"${hash}"` };
  const members = (range ?? '').split(',');
  if (members.length < 2) {
    const whole = { content: xorb.content, ends: xorb.ends, assemble: (content: Content) => content };
    return { kind: 'xorb', status: 200, headers, body: xorb.content, isFile: true, xorb: whole };
  }
  const ranges = members.map((member) => parseRange(`bytes=${member.replace('bytes=', '')}`, xorb.content.sizeBytes));
  if (!ranges.every((each): each is ByteRange => typeof each === 'object'))
    return denied('InvalidRange', 'Not understood');
  const assemble = (content: Content): Content => multipart(content, ranges);
  return {
    kind: 'xorb',
    status: 206,
    headers: { ...headers, 'content-type': `multipart/byteranges; boundary=${BOUNDARY}` },
    body: assemble(xorb.content),
    xorb: { content: xorb.content, ends: xorb.ends, assemble },
  };
}

function multipart(content: Content, ranges: readonly ByteRange[]): Content {
  const parts = ranges.flatMap(({ start, end }) => {
    const where = `Content-Range: bytes ${start}-${end - 1}/${content.sizeBytes}`;
    const head = `\r\n--${BOUNDARY}\r\nContent-Type: application/octet-stream\r\n${where}\r\n\r\n`;
    const bytes: Content = { sizeBytes: end - start, read: (offset, length) => content.read(start + offset, length) };
    return [head, bytes];
  });
  return joinContent([...parts, `\r\n--${BOUNDARY}--\r\n`]);
}

function denied(code: string, message: string): Answer {
  const text = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return textAnswer('xorb', 403, text, { 'content-type': 'application/xml' });
}
