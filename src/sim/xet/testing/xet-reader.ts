import { ask, type Heard } from '../../testing/ask.js';
import { readRecords } from './read-records.js';

interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Reconstructed {
  readonly offset_into_first_range: number;
  readonly terms: readonly { readonly hash: string; readonly unpacked_length: number; readonly range: Range }[];
  readonly fetch_info?: Readonly<Record<string, readonly { range: Range; url: string; url_range: Range }[]>>;
  readonly xorbs?: Readonly<
    Record<string, readonly { url: string; ranges: readonly { chunks: Range; bytes: Range }[] }[]>
  >;
}

export interface XetAccess {
  readonly casUrl: string;
  readonly accessToken: string;
  readonly exp: number;
}

export async function xetAccess(hubUrl: string, id: string, revision = 'main', token?: string): Promise<XetAccess> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { body } = await ask(`${hubUrl}/api/models/${id}/xet-read-token/${revision}`, headers);
  return JSON.parse(body.toString()) as XetAccess;
}

export async function askReconstruction(
  { casUrl, accessToken }: XetAccess,
  hash: string,
  { range, version = 'v2' }: { readonly range?: string; readonly version?: string } = {},
): Promise<Heard> {
  return ask(`${casUrl}/${version}/reconstructions/${hash}`, {
    authorization: `Bearer ${accessToken}`,
    ...(range === undefined ? {} : { range }),
  });
}

/** What a reconstruction comes to, by single ranges of either version or, for version 2, several at once where there are several. */
export async function assemble(answer: Reconstructed, atOnce = false): Promise<Buffer> {
  const fetched = new Map<string, { readonly chunks: Range; readonly bytes: readonly Buffer[] }[]>();
  const keep = (hash: string, chunks: Range, body: Buffer): void => {
    const records = readRecords(body).map(({ bytes }) => bytes);
    if (records.length !== chunks.end - chunks.start) throw new Error('Other chunks than promised');
    fetched.set(hash, [...(fetched.get(hash) ?? []), { chunks, bytes: records }]);
  };
  for (const [hash, list] of Object.entries(answer.fetch_info ?? {})) {
    for (const { range, url, url_range: bytes } of list) keep(hash, range, await fetchRange(url, bytes));
  }
  for (const [hash, list] of Object.entries(answer.xorbs ?? {})) {
    for (const { url, ranges } of list) {
      const bodies =
        atOnce && ranges.length > 1
          ? await fetchRanges(url, ranges)
          : await Promise.all(ranges.map(({ bytes }) => fetchRange(url, bytes)));
      ranges.forEach(({ chunks }, index) => keep(hash, chunks, bodies[index]!));
    }
  }
  const parts = answer.terms.map(({ hash, range, unpacked_length: length }) => {
    const held = fetched.get(hash)?.find(({ chunks }) => chunks.start <= range.start && range.end <= chunks.end);
    if (held === undefined) throw new Error('A term lies in no range that can be fetched');
    const part = Buffer.concat(held.bytes.slice(range.start - held.chunks.start, range.end - held.chunks.start));
    if (part.length !== length) throw new Error('A term has another length than it says');
    return part;
  });
  return Buffer.concat(parts).subarray(answer.offset_into_first_range);
}

async function fetchRange(url: string, { start, end }: Range): Promise<Buffer> {
  const { status, body } = await ask(url, { range: `bytes=${start}-${end}` });
  if (status !== 206 || body.length !== end - start + 1) throw new Error(`${status}, ${body.length} bytes`);
  return body;
}

async function fetchRanges(url: string, ranges: readonly { bytes: Range }[]): Promise<Buffer[]> {
  const wanted = ranges.map(({ bytes }) => `${bytes.start}-${bytes.end}`);
  const { status, headers, body } = await ask(url, { range: `bytes=${wanted.join(',')}` });
  const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(headers['content-type'] ?? '')?.[1];
  if (status !== 206 || boundary === undefined) throw new Error(`${status} ${String(headers['content-type'])}`);
  const parts = body.toString('latin1').split(`\r\n--${boundary}`);
  if (parts.shift() !== '' || parts.pop() !== '--\r\n') throw new Error('The parts are not framed');
  return parts.map((part, index) => {
    const [head = '', ...rest] = part.split('\r\n\r\n');
    if (!head.includes(`Content-Range: bytes ${wanted[index]}/`)) throw new Error(`Another range: ${head}`);
    return Buffer.from(rest.join('\r\n\r\n'), 'latin1');
  });
}
