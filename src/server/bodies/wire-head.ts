import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http';
import type { Headers } from '../../net/index.js';
import { KEEP_ALIVE_MS } from '../limits.js';

/** The head of an answer of HTTP/1.1 as it goes on the wire, for whoever sends it without Node's server. @throws TypeError for what cannot stand in one */
export function wireHead(status: number, headers: Headers, keepAlive: boolean): string {
  const lines = Object.entries({
    ...headers,
    date: new Date().toUTCString(),
    connection: keepAlive ? 'keep-alive' : 'close',
    ...(keepAlive ? { 'keep-alive': `timeout=${Math.floor(KEEP_ALIVE_MS / 1000)}` } : {}),
  }).map(([name, value]) => {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return `${name}: ${value}\r\n`;
  });
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`;
}
