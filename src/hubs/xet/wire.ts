import type { SluiceError } from '../../base/index.js';
import { asArray, asCount, asHex, asObject, asString, field, type JsonObject } from '../fields.js';
import {
  CHUNK_HEADER_BYTES,
  MAX_CHUNK_BYTES,
  MAX_PACKED_BYTES,
  MAX_TERMS,
  MAX_XORB_BYTES,
  MAX_XORB_CHUNKS,
  MAX_XORB_URL_BYTES,
} from './limits.js';

/** Chunks [start, end) of a xorb, by index. */
export interface ChunkRange {
  readonly start: number;
  readonly end: number;
}

/** A file's next bytes: those that chunks of one xorb decode to. */
export interface Term {
  /** 64 hex, as all hashes here. */
  readonly xorb: string;
  readonly chunks: ChunkRange;
  readonly rawBytes: number;
}

/** Chunks of a xorb that can be had by one ranged GET without credentials. */
export interface XorbRange {
  readonly url: string;
  /** Who says so. */
  readonly givenBy: string;
  readonly chunks: ChunkRange;
  readonly startByte: number;
  readonly endByte: number;
}

export interface Reconstruction {
  /** Raw bytes of the first term that lie before what was asked for. */
  readonly skipBytes: number;
  readonly terms: readonly Term[];
  /** By xorb, ascending by the first chunk. */
  readonly xorbs: ReadonlyMap<string, readonly XorbRange[]>;
}

export interface XetToken {
  /** Base URL of the content service: no trailing slash. */
  readonly casUrl: string;
  readonly accessToken: string;
  /** Unix milliseconds. */
  readonly expiresAtMs: number;
}

export type Refuse = (reason: string) => SluiceError;

/**
 * The answer of `…/xet-read-token/{revision}`. A service without TLS is taken only from a hub without TLS: the token would travel in the clear.
 * @throws what `refuse` makes
 */
export function parseToken(value: unknown, hubUrl: string, refuse: Refuse): XetToken {
  const answer = asObject(value);
  const accessToken = asString(field(answer, 'accessToken'));
  const exp = asCount(field(answer, 'exp'));
  const casUrl = asString(field(answer, 'casUrl'));
  if (accessToken === undefined || !/^[\u0021-\u007e]{1,16384}$/.test(accessToken))
    throw refuse('no access token for Xet');
  if (exp === undefined) throw refuse('a Xet token without an end');
  const url = parseUrl(casUrl, hubUrl);
  if (url?.search !== '' || url.hash !== '') throw refuse('no usable address of its Xet service');
  let path = url.pathname;
  while (path.endsWith('/')) path = path.slice(0, -1);
  return { casUrl: url.origin + path, accessToken, expiresAtMs: exp * 1000 };
}

/** A reconstruction of version 2 (`xorbs`) or 1 (`fetch_info`), by what it holds. @throws what `refuse` makes */
export function parseReconstruction(value: unknown, casUrl: string, refuse: Refuse): Reconstruction {
  const answer = asObject(value);
  const skipBytes = asCount(field(answer, 'offset_into_first_range'));
  const terms = asArray(field(answer, 'terms'));
  if (skipBytes === undefined || terms === undefined) throw refuse('no reconstruction of the file');
  if (terms.length > MAX_TERMS) throw refuse(`more than ${MAX_TERMS} terms`);
  const second = asObject(field(answer, 'xorbs'));
  const first = asObject(field(answer, 'fetch_info'));
  if (second === undefined && first === undefined) throw refuse('a reconstruction without addresses');
  const budget = { left: MAX_TERMS };
  const read = second === undefined ? readFetchInfo : readEntry;
  const xorbs = new Map<string, XorbRange[]>();
  for (const [key, entries] of Object.entries(second ?? first ?? {})) {
    const xorb = asHex(key, 64);
    const list = asArray(entries);
    if (xorb === undefined || list === undefined) throw refuse('addresses of no xorb');
    const ranges = list.flatMap((entry) => read(asObject(entry), casUrl, refuse));
    budget.left -= ranges.length;
    if (budget.left < 0) throw refuse(`more than ${MAX_TERMS} ranges`);
    xorbs.set(
      xorb,
      ranges.sort((a, b) => a.chunks.start - b.chunks.start),
    );
  }
  return { skipBytes, terms: terms.map((term) => parseTerm(asObject(term), refuse)), xorbs };
}

function parseTerm(term: JsonObject | undefined, refuse: Refuse): Term {
  const xorb = asHex(field(term, 'hash'), 64);
  const rawBytes = asCount(field(term, 'unpacked_length'));
  const chunks = parseChunks(field(term, 'range'));
  if (xorb === undefined || rawBytes === undefined || chunks === undefined) throw refuse('a term that names no chunks');
  const count = chunks.end - chunks.start;
  if (rawBytes < count || rawBytes > count * MAX_CHUNK_BYTES)
    throw refuse(`a term of ${rawBytes} bytes in ${count} chunks`);
  return { xorb, rawBytes, chunks };
}

/** Version 2: one address, several ranges. */
function readEntry(entry: JsonObject | undefined, casUrl: string, refuse: Refuse): XorbRange[] {
  const ranges = asArray(field(entry, 'ranges')) ?? [];
  const url = field(entry, 'url');
  return ranges.map((range) => {
    const object = asObject(range);
    return makeRange(url, field(object, 'chunks'), field(object, 'bytes'), casUrl, refuse);
  });
}

/** Version 1: an address for each range. */
function readFetchInfo(entry: JsonObject | undefined, casUrl: string, refuse: Refuse): XorbRange[] {
  return [makeRange(field(entry, 'url'), field(entry, 'range'), field(entry, 'url_range'), casUrl, refuse)];
}

function makeRange(address: unknown, chunkRange: unknown, bytes: unknown, casUrl: string, refuse: Refuse): XorbRange {
  const chunks = parseChunks(chunkRange);
  const startByte = asCount(field(asObject(bytes), 'start'));
  const lastByte = asCount(field(asObject(bytes), 'end'));
  if (chunks === undefined || startByte === undefined || lastByte === undefined)
    throw refuse('an address of no chunks');
  const count = chunks.end - chunks.start;
  const lengthBytes = lastByte + 1 - startByte;
  const isPossible =
    lengthBytes > count * CHUNK_HEADER_BYTES && lengthBytes <= count * (CHUNK_HEADER_BYTES + MAX_PACKED_BYTES);
  if (!isPossible || lastByte >= MAX_XORB_BYTES) throw refuse(`${count} chunks in ${lengthBytes} bytes`);
  const url = parseUrl(asString(address), casUrl);
  if (url === undefined) throw refuse('no usable address of a xorb');
  return { url: url.href, givenBy: casUrl, chunks, startByte, endByte: lastByte + 1 };
}

function parseChunks(value: unknown): ChunkRange | undefined {
  const start = asCount(field(asObject(value), 'start'));
  const end = asCount(field(asObject(value), 'end'));
  if (start === undefined || end === undefined || start >= end || end > MAX_XORB_CHUNKS) return undefined;
  return { start, end };
}

/** An absolute http(s) address without user info, not less safe than the one that it was learned from. */
function parseUrl(text: string | undefined, from: string): URL | undefined {
  if (text === undefined || text.length > MAX_XORB_URL_BYTES || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return undefined;
  if (url.protocol === 'https:') return url;
  return url.protocol === 'http:' && from.startsWith('http:') ? url : undefined;
}
