import type { Headers } from '../port.js';
import { isRedirect } from '../redirect.js';
import { KEEP_ALIVE_MS } from '../timing.js';
import type { RawHead } from './head-reader.js';

/** An answer that the fast road can take to its end. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Headers;
  /**
   * `chunked` only where a body is small by nature: redirects, refusals, which must not be asked for twice, and documents. `unread` for a
   * redirect whose body comes in yet another way: it is not needed.
   */
  readonly bodyBytes: number | 'chunked' | 'unread';
  /** How long the connection may be kept unused afterwards; 0: not at all. */
  readonly keepAliveMs: number;
}

/** A server may close a little earlier than it said. */
const CLOSES_EARLIER_MS = 1000;
const MAX_LENGTH_DIGITS = 15;
/** No value looks like this. */
const SEVERAL = '\n';

/**
 * What the head says, or undefined when it is not of the plain kind: a measured body, no content coding, nothing unusual. A document, as
 * hubs compose it while they send it, may come in chunks.
 */
export function understandHead({ status, fields }: RawHead, isDocument = false): PlainAnswer | undefined {
  if (!isPlainStatus(status)) return undefined;
  const { joined, repeated } = join(fields);
  const only = (name: string): string | undefined => (repeated.includes(name) ? SEVERAL : joined.get(name));
  if (only('upgrade') !== undefined || only('location') === SEVERAL) return undefined;
  const keepAliveMs = keepTime(joined.get('connection'), joined.get('keep-alive'));
  const encoding = only('content-encoding')?.toLowerCase();
  if (keepAliveMs === undefined || (encoding !== undefined && encoding !== 'identity')) return undefined;
  const length = only('content-length');
  const coding = only('transfer-encoding');
  const headers = Object.fromEntries(joined);
  if (length === undefined) {
    const bodyBytes = unmeasured(status, coding, isDocument);
    return bodyBytes && { status, headers, bodyBytes, keepAliveMs: bodyBytes === 'chunked' ? keepAliveMs : 0 };
  }
  if (coding !== undefined) return undefined;
  if (length.length > MAX_LENGTH_DIGITS || !/^\d+$/.test(length)) return undefined;
  return { status, headers, bodyBytes: Number(length), keepAliveMs };
}

function unmeasured(status: number, coding: string | undefined, isDocument: boolean): 'chunked' | 'unread' | undefined {
  if (coding?.toLowerCase() === 'chunked' && (status >= 300 || isDocument)) return 'chunked';
  return coding === undefined && isRedirect(status) ? 'unread' : undefined;
}

/** 204 and 304 have no body whatever their headers say; 1xx are no answers; the others are rare. */
function isPlainStatus(status: number): boolean {
  return status === 200 || status === 206 || isRedirect(status) || (status >= 400 && status <= 599);
}

/** From `connection` and `keep-alive`; undefined when they say something else too. */
function keepTime(connection: string | undefined, hint: string | undefined): number | undefined {
  const options = connection?.split(',').map((option) => option.trim().toLowerCase()) ?? [];
  if (options.some((option) => option !== 'close' && option !== 'keep-alive')) return undefined;
  if (options.includes('close')) return 0;
  const seconds = hint === undefined ? undefined : /\btimeout=(\d{1,9})\b/i.exec(hint)?.[1];
  if (seconds === undefined) return KEEP_ALIVE_MS;
  return Math.max(0, Math.min(KEEP_ALIVE_MS, Number(seconds) * 1000 - CLOSES_EARLIER_MS));
}

/** One value for each name, and the names that came more than once. */
function join(fields: RawHead['fields']): {
  readonly joined: ReadonlyMap<string, string>;
  readonly repeated: readonly string[];
} {
  const joined = new Map<string, string>();
  const repeated: string[] = [];
  for (const [name, value] of fields) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before}, ${value}`);
    if (before !== undefined) repeated.push(name);
  }
  return { joined, repeated };
}
