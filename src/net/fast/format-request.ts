import type { Headers } from '../port.js';

const TOKEN = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** These change what the connection does. */
const FRAMING: ReadonlySet<string> = new Set(
  'host connection content-length transfer-encoding upgrade expect te trailer keep-alive'.split(' '),
);

/** The bytes of a GET as latin1 text (RFC 9112 §3); undefined when a header is not fit to be sent on this road. */
export function formatRequest(url: URL, headers: Headers): string | undefined {
  let text = `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    if (!TOKEN.test(name) || !VALUE.test(value) || FRAMING.has(name.toLowerCase())) return undefined;
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}
