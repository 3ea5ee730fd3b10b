import type { IncomingMessage, ServerResponse } from 'node:http';
import { httpServer, type TestServer } from '../../../net/testing/servers.js';
import { slowXet } from './slow-xet.js';
import { chunkRecord } from './encode.js';
import { randomNumbers } from './data.js';

export interface TinyChunk {
  readonly raw: Buffer;
  readonly record: Buffer;
  readonly hash: Buffer;
}

export interface TinyXorb {
  readonly id: string;
  readonly chunks: readonly TinyChunk[];
  readonly body: Buffer;
}

/** A file as terms: chunks [start, end) of a xorb each. */
export interface TinyTerm {
  readonly xorb: TinyXorb;
  readonly start: number;
  readonly end: number;
}

export interface TinyOrigin {
  readonly server: TestServer;
  readonly hub: string;
  readonly fileId: string;
  readonly content: Buffer;
  /** Paths asked for, without queries, in order. */
  readonly asked: string[];
  /** Answers a request in its own way; true when it did. */
  hook: ((path: string, request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Changes a reconstruction before it is sent. */
  bend: ((answer: Record<string, unknown>, version: string) => void) | undefined;
  tokenLifeMs: number;
  /** Signed addresses of earlier generations are refused. */
  generation: number;
  token: number;
}

export function makeXorb(
  content: Buffer,
  options: { readonly scheme?: number; readonly chunkBytes?: number } = {},
): TinyXorb {
  const random = randomNumbers(content.length);
  const size = options.chunkBytes ?? 20_000;
  const chunks: TinyChunk[] = [];
  for (let at = 0; at < content.length;) {
    const raw = content.subarray(at, at + Math.max(1, Math.floor(size * (0.5 + random()))));
    const plain = chunkRecord(raw, 0);
    const packed = chunkRecord(raw, options.scheme ?? 0);
    chunks.push({ raw, record: packed.length < plain.length ? packed : plain, hash: slowXet.chunkHash(raw) });
    at += raw.length;
  }
  const id = slowXet.text(slowXet.root(chunks.map(({ hash, raw }) => [hash, raw.length])));
  return { id, chunks, body: Buffer.concat(chunks.map(({ record }) => record)) };
}

/** A hub, a content service and a host of xorbs on one port: small, correct unless told otherwise. */
export async function tinyOrigin(terms: readonly TinyTerm[]): Promise<TinyOrigin> {
  const all = terms.flatMap(({ xorb, start, end }) => xorb.chunks.slice(start, end));
  const content = Buffer.concat(all.map(({ raw }) => raw));
  const server = await httpServer((request, response) => answer(origin, terms, request, response));
  const origin: TinyOrigin = {
    server,
    hub: server.origin,
    fileId: slowXet.text(slowXet.fileId(all.map(({ hash, raw }) => [hash, raw.length]))),
    content,
    asked: [],
    hook: undefined,
    bend: undefined,
    tokenLifeMs: 900_000,
    generation: 1,
    token: 1,
  };
  return origin;
}

function answer(
  origin: TinyOrigin,
  terms: readonly TinyTerm[],
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = new URL(request.url ?? '/', origin.hub);
  const path = url.pathname;
  origin.asked.push(path);
  if (origin.hook?.(path, request, response)) return;
  if (path.includes('/xet-read-token/')) {
    const exp = Math.floor((Date.now() + origin.tokenLifeMs) / 1000);
    json(response, { accessToken: `xet-${origin.token}`, exp, casUrl: `${origin.hub}/cas/` });
    return;
  }
  const match = /^\/cas\/(v[12])\/reconstructions\/([0-9a-f]{64})$/.exec(path);
  if (match !== null) {
    if (request.headers.authorization !== `Bearer xet-${origin.token}`) response.writeHead(401).end();
    else if (match[2] !== origin.fileId) response.writeHead(404).end();
    else reconstruct(origin, terms, match[1]!, range(request)!, response);
    return;
  }
  const xorb = terms.find((term) => path === `/xorbs/${term.xorb.id}`)?.xorb;
  if (xorb === undefined || request.headers.authorization !== undefined) response.writeHead(404).end();
  else if (url.searchParams.get('generation') !== String(origin.generation)) response.writeHead(403).end('expired');
  else sendRange(response, xorb.body, range(request)!);
}

type Bounds = readonly [number, number];

function range(request: IncomingMessage): Bounds | undefined {
  const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  return match === null ? undefined : [Number(match[1]), Number(match[2]) + 1];
}

export function sendRange(response: ServerResponse, body: Buffer, [start, end]: Bounds): void {
  const slice = body.subarray(start, end);
  response.writeHead(206, {
    'content-range': `bytes ${start}-${start + slice.length - 1}/${body.length}`,
    'content-length': slice.length,
  });
  response.end(slice);
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function reconstruct(
  origin: TinyOrigin,
  terms: readonly TinyTerm[],
  version: string,
  [from, to]: Bounds,
  response: ServerResponse,
): void {
  const kept: { xorb: TinyXorb; start: number; end: number; bytes: number }[] = [];
  let position = 0;
  let skip: number | undefined;
  for (const term of terms)
    for (let index = term.start; index < term.end; index += 1) {
      const bytes = term.xorb.chunks[index]!.raw.length;
      const isFirst = index === term.start;
      if (position + bytes > from && position < to) {
        skip ??= from - position;
        const last = kept.at(-1);
        if (last === undefined || isFirst) kept.push({ xorb: term.xorb, start: index, end: index + 1, bytes });
        else Object.assign(last, { end: index + 1, bytes: last.bytes + bytes });
      }
      position += bytes;
    }
  const xorbs = Object.fromEntries(
    [...new Set(kept.map(({ xorb }) => xorb))].map((xorb) => {
      const url = `${origin.hub}/xorbs/${xorb.id}?generation=${origin.generation}`;
      const ranges = merged(kept.filter((term) => term.xorb === xorb)).map(([start, end]) => {
        const offset = (index: number): number =>
          xorb.chunks.slice(0, index).reduce((sum, { record }) => sum + record.length, 0);
        return { chunks: { start, end }, bytes: { start: offset(start), end: offset(end) - 1 } };
      });
      return [
        xorb.id,
        version === 'v2'
          ? [{ url, ranges }]
          : ranges.map(({ chunks, bytes }) => ({ url, range: chunks, url_range: bytes })),
      ];
    }),
  );
  const value: Record<string, unknown> = {
    offset_into_first_range: skip ?? 0,
    terms: kept.map(({ xorb, start, end, bytes }) => ({
      hash: xorb.id,
      unpacked_length: bytes,
      range: { start, end },
    })),
    [version === 'v2' ? 'xorbs' : 'fetch_info']: xorbs,
  };
  origin.bend?.(value, version);
  json(response, value);
}

function merged(spans: readonly { readonly start: number; readonly end: number }[]): Bounds[] {
  const out: [number, number][] = [];
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    const last = out.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else out.push([start, end]);
  }
  return out;
}
