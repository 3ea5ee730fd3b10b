import { gzipSync } from 'node:zlib';
import { toContent, type Content } from './content.js';
import type { Fault } from './faults.js';
import type { Reply } from './reply.js';

/** The reply with a fault in how it is sent. */
export function spoilReply(reply: Reply, fault: Fault): Reply {
  if (fault.type === 'corrupt') {
    return { ...reply, content: corrupted(reply.content, fault.atByte, fault.xor ?? 0xff) };
  }
  if (fault.type === 'content-length') {
    const claimed = String(reply.end - reply.start + fault.delta);
    return { ...reply, headers: { ...reply.headers, 'content-length': claimed } };
  }
  if (fault.type === 'content-range' && reply.status === 206) {
    return { ...reply, headers: withHeaders(reply, { 'content-range': fault.value }) };
  }
  if (fault.type === 'headers') return { ...reply, headers: withHeaders(reply, fault.headers) };
  if (fault.type === 'no-length') return { ...reply, framing: fault.style };
  if (fault.type === 'gzip') {
    const packed = gzipSync(reply.content.read(reply.start, reply.end - reply.start));
    const headers = { ...reply.headers, 'content-encoding': 'gzip' };
    return { ...reply, headers, content: toContent(packed), start: 0, end: packed.length };
  }
  return reply;
}

function withHeaders(reply: Reply, changes: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const all: Record<string, string | undefined> = { ...reply.headers, ...changes };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function corrupted(content: Content, atByte: number, xor: number): Content {
  return {
    sizeBytes: content.sizeBytes,
    read: (offset, length) => {
      const bytes = content.read(offset, length);
      if (atByte < offset || atByte >= offset + length) return bytes;
      const copy = Buffer.from(bytes);
      copy[atByte - offset] = (copy[atByte - offset] ?? 0) ^ xor;
      return copy;
    },
  };
}
