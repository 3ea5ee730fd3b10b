import { jsonAnswer, textAnswer, type Answer, type SimRequest } from '../answer.js';
import type { Repository } from '../repository.js';
import { reconstruct, type FetchRange, type FileRange, type Reconstruction } from './reconstruct.js';
import type { XetService } from './service.js';
import type { XetFile } from './xorb.js';

const KIND = 'xet-reconstruction';
const RECONSTRUCTION = /^(?:\/(v1|v2))?\/reconstructions?\/([^/]+)$/;

/** The storage service's own host: how files are made of xorbs. */
export function answerCas(request: SimRequest, xet: XetService): Answer {
  if (request.rawPath === '/v1/telemetry') return textAnswer('xet-other', 200, '');
  const match = RECONSTRUCTION.exec(request.rawPath);
  if (match === null) return textAnswer('xet-other', 404, 'Not Found\n');
  if (match[1] === 'v2' && !xet.hasV2) return textAnswer(KIND, 404, 'Not Found\n');
  const repository = xet.tokens.open(request.headers.authorization);
  if (repository === undefined) return textAnswer(KIND, 401, 'Unauthorized\n');
  const hash = (match[2] ?? '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hash)) return textAnswer(KIND, 400, 'Invalid file id\n');
  const file = xet.library.byHash(hash);
  const path = file === undefined ? undefined : pathIn(repository, file, xet);
  if (file === undefined || path === undefined) return textAnswer(KIND, 404, 'File not found\n');
  return { ...answerReconstruction(request, xet, file, match[1] === 'v2'), path };
}

function answerReconstruction(request: SimRequest, xet: XetService, file: XetFile, isV2: boolean): Answer {
  const range = parseFileRange(request.headers.range, file.sizeBytes);
  if (range === undefined) return textAnswer(KIND, 400, 'Invalid range\n');
  const found = reconstruct(file, range);
  if (found === undefined) return textAnswer(KIND, 416, 'Range not satisfiable\n');
  const terms = found.terms.map(({ xorb, start, end, unpackedBytes }) => ({
    hash: xorb.hash,
    unpacked_length: unpackedBytes,
    range: { start, end },
  }));
  const fetches = isV2 ? { xorbs: version2(found, xet) } : { fetch_info: version1(found, xet) };
  return jsonAnswer(KIND, { offset_into_first_range: found.offset, terms, ...fetches });
}

function version1({ fetches }: Reconstruction, xet: XetService): object {
  const entries = fetches.map(({ xorb: { hash }, ranges }) => {
    const list = ranges.map(({ chunks, bytes }) => ({
      range: chunks,
      url: xet.urls.issue(hash, [bytes]),
      url_range: bytes,
    }));
    return [hash, list] as const;
  });
  return Object.fromEntries(entries);
}

function version2({ fetches }: Reconstruction, xet: XetService): object {
  const entries = fetches.map(({ xorb: { hash }, ranges }) => {
    const list: { readonly url: string; readonly ranges: readonly FetchRange[] }[] = [];
    for (let at = 0; at < ranges.length; at += xet.rangesPerUrl) {
      const some = ranges.slice(at, at + xet.rangesPerUrl);
      const url = xet.urls.issue(
        hash,
        some.map(({ bytes }) => bytes),
      );
      list.push({ url, ranges: some });
    }
    return [hash, list] as const;
  });
  return Object.fromEntries(entries);
}

/** The range of the file that is asked for; undefined when it is not understood. Ends behind the file are cut later. */
function parseFileRange(header: string | undefined, sizeBytes: number): FileRange | undefined {
  if (header === undefined) return { start: 0, end: sizeBytes };
  const match = /^bytes=(\d+)-(\d*)$/.exec(header);
  if (match === null) return undefined;
  const start = Number(match[1]);
  const end = match[2] === '' ? Infinity : Number(match[2]) + 1;
  return end > start ? { start, end } : undefined;
}

/** A token opens the files of its repository only. */
function pathIn(repository: Repository, file: XetFile, xet: XetService): string | undefined {
  for (const { files } of repository.commits) {
    for (const stored of files.values()) if (xet.find(stored) === file) return stored.path;
  }
  return undefined;
}
