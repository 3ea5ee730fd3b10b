import { SluiceError, toSluiceError } from '../../../base/index.js';
import type { Caller, Catalogue, Content, Face, FaceReply, FaceRequest, Snapshot, Span } from '../../face.js';
import { asArray, asObject, asString, field } from '../../fields.js';
import type { ManifestFile } from '../../port.js';
import type { RepositoryRef } from '../../ref.js';
import { Callers } from './callers.js';
import { FileIds } from './file-ids.js';
import { Grants, type TokenGrant } from './grants.js';
import { framedContent, isVoid } from './framed-content.js';
import { fileIdOf, layoutXorb, xorbIdOf, type XorbLayout } from './layout.js';
import { reconstruction1, reconstruction2 } from './reconstruction.js';
import { json, refusalOf, text, wrongReply } from './replies.js';

export interface ContentServiceOptions {
  /** 32 bytes, kept over restarts, the same on all nodes. */
  readonly key: Uint8Array;
  /** Public URLs of servers with the same key among which what is public is spread; only this one unless told. */
  readonly nodes?: readonly string[];
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

/** The content service that Xet's clients talk to, over plain files. */
export interface ContentService {
  readonly face: Face;
  fileId(file: ManifestFile): string | undefined;
  casUrl(publicUrl: string): string;
  token(snapshot: Snapshot, caller: Caller): { readonly accessToken: string; readonly exp: number };
}

const PREFIX = '/-/xet';
const TOKEN_LIFE_MS = 15 * 60_000;
/** A transfer that waits longer for a xorb's turn asks for a fresh address. */
const URL_LIFE_MS = 15 * 60_000;
/** A longer answer would fill the memory; clients ask for some hundred MiB to some GiB at a time. */
const MAX_SPAN_BYTES = 2 ** 42;
const MAX_BATCH_BODY_BYTES = 1024 * 1024;
const MAX_BATCH = 100;

/** Everything that is read here, by its path, in all of Xet's generations: a test asks each of them on behalf of everybody. */
export const XET_PATHS = {
  reconstruction: /^(?:\/(v1|v2))?\/reconstructions?\/([^/]+)$/,
  batch: /^\/v1\/reconstructions$/,
  xorb: /^\/xorbs\/default\/([0-9a-f]{64})$/,
  file: /^\/v1\/files\/([^/]+)$/,
} as const;

/**
 * Serves files of a catalogue to Xet's clients, which check nothing of what they get: all of it is read from proven files, or by the rules of a fill, and once bytes turned
 * out wrong whatever was granted before is void.
 */
export function createContentService(catalogue: Catalogue, options: ContentServiceOptions): ContentService {
  return new Service(catalogue, options);
}

class Service implements ContentService {
  readonly #catalogue: Catalogue;
  readonly #grants: Grants;
  readonly #nodes: readonly string[];
  readonly #now: () => number;
  readonly #callers: Callers;
  readonly #ids = new FileIds();
  readonly face: Face;

  constructor(catalogue: Catalogue, { key, nodes = [], now = Date.now }: ContentServiceOptions) {
    this.#catalogue = catalogue;
    this.#grants = new Grants(key, URL_LIFE_MS, now);
    this.#nodes = nodes;
    this.#now = now;
    this.#callers = new Callers(URL_LIFE_MS, now);
    this.face = {
      name: 'xet',
      // Tokens and addresses of ours are checked here; they are none that the server's callers have.
      isOpen: (path) => path.startsWith(`${PREFIX}/`),
      answer: (request) => this.#route(request),
    };
  }

  fileId(file: ManifestFile): string | undefined {
    return fileIdOf(file);
  }

  casUrl(publicUrl: string): string {
    return publicUrl + PREFIX;
  }

  token({ pinned }: Snapshot, caller: Caller): { readonly accessToken: string; readonly exp: number } {
    if (pinned.ref.origin === 'https') throw new SluiceError('INTERNAL', { reason: 'a token for a URL' });
    const { kind, id } = pinned.ref;
    const issuedMs = this.#now();
    const expiresMs = issuedMs + TOKEN_LIFE_MS;
    const on = pinned.isPublic === true ? {} : caller;
    const grant: TokenGrant = { kind, id, commit: pinned.commit, caller: on, issuedMs, expiresMs };
    return { accessToken: this.#grants.seal(grant), exp: Math.floor(expiresMs / 1000) };
  }

  #route(request: FaceRequest): Promise<FaceReply> | undefined {
    if (!request.path.startsWith(`${PREFIX}/`)) return undefined;
    return this.#answer(request, request.path.slice(PREFIX.length)).catch((thrown: unknown) =>
      refusalOf(toSluiceError(thrown)),
    );
  }

  async #answer(request: FaceRequest, path: string): Promise<FaceReply> {
    const isRead = request.method !== 'POST';
    const xorb = XET_PATHS.xorb.exec(path)?.[1];
    if (xorb !== undefined && isRead) return this.#answerXorb(request, xorb);
    const [, version = 'v1', id] = XET_PATHS.reconstruction.exec(path) ?? [];
    if (id !== undefined && isRead) return this.#answerReconstruction(request, id, version);
    if (XET_PATHS.batch.test(path)) return this.#answerBatch(request);
    const file = XET_PATHS.file.exec(path)?.[1];
    if (file !== undefined && request.method === 'HEAD') return this.#answerFile(request, file);
    if (path === '/v1/telemetry') return text(200, '');
    // Clients ask for chunks and xorbs that an upload could leave out: nothing is known here.
    if (isRead) return text(404, 'Not Found');
    return text(403, 'This is a mirror for reading: nothing can be written here.');
  }

  async #answerReconstruction(request: FaceRequest, id: string, version: string): Promise<FaceReply> {
    const held = await this.#open(request, id);
    if ('status' in held) return held;
    const { file, sizeBytes } = held;
    const span = parseSpan(request.headers.range, sizeBytes);
    if (span === undefined) return { ...text(416, ''), headers: { 'content-range': `bytes */${sizeBytes}` } };
    if (span.endByte - span.startByte > MAX_SPAN_BYTES) return text(400, 'Ask for less at once, by ranges.');
    const asked = { fileId: id.toLowerCase(), sizeBytes, span, urlOf: this.#addresser(request, held, file) };
    return json(version === 'v2' ? reconstruction2(asked) : reconstruction1(asked));
  }

  /** Several files at once: ids in the query, or in a list. */
  async #answerBatch(request: FaceRequest): Promise<FaceReply> {
    const ids =
      request.method === 'POST'
        ? idsOf((await request.body(MAX_BATCH_BODY_BYTES)).toString())
        : request.query.getAll('file_id');
    if (ids === undefined || ids.length === 0 || ids.length > MAX_BATCH) return text(400, 'Not understood');
    const files: [string, unknown][] = [];
    const fetches: Record<string, unknown> = {};
    for (const id of ids) {
      const held = await this.#open(request, id);
      if ('status' in held) return held;
      const span = { startByte: 0, endByte: held.sizeBytes };
      if (span.endByte > MAX_SPAN_BYTES) return text(400, 'Ask for less at once, by ranges.');
      const urlOf = this.#addresser(request, held, held.file);
      const { terms, fetch_info } = reconstruction1({ fileId: id, sizeBytes: held.sizeBytes, span, urlOf });
      files.push([id, terms]);
      Object.assign(fetches, fetch_info);
    }
    return json({ files: Object.fromEntries(files), fetch_info: fetches });
  }

  async #answerFile(request: FaceRequest, id: string): Promise<FaceReply> {
    const held = await this.#open(request, id);
    return 'status' in held ? held : { status: 200, headers: {}, content: held.content };
  }

  async #answerXorb(request: FaceRequest, xorbId: string): Promise<FaceReply> {
    const verdict = this.#grants.check(request.query);
    // Clients ask for a fresh address upon 403 alone.
    if (verdict === 'unknown' || verdict === 'expired') return text(403, `The address is ${verdict}.`);
    const { kind, id, commit, path, index, handle, issuedMs } = verdict.grant;
    const caller = handle === '' ? {} : this.#callers.find(handle);
    if (caller === undefined) return text(403, 'Ask for a fresh address.');
    const ref: RepositoryRef = { origin: 'hf', kind, id, revision: commit };
    const snapshot = await this.#catalogue.snapshot(ref, caller, request.signal);
    const file = this.#ids.of(snapshot.files).byPath.get(path);
    const fileId = file === undefined ? undefined : fileIdOf(file);
    const xorb = file === undefined ? undefined : layoutXorb(file.sizeBytes ?? 0, index);
    if (file === undefined || fileId === undefined || xorb === undefined || xorbIdOf(fileId, index) !== xorbId)
      return text(404, 'Not Found');
    const content = await this.#catalogue.content(snapshot, file, caller);
    if (isVoid(content, issuedMs)) return wrongReply();
    const headers = {
      'content-type': 'application/octet-stream',
      etag: `"${xorbId}"`,
      'x-cache-status': content.status,
      'access-control-allow-origin': '*',
    };
    return { status: 200, headers, content: framedContent(content, xorb, issuedMs) };
  }

  /** The file that a request with a token speaks of. Asking for its content begins no transfer. */
  async #open(request: FaceRequest, id: string): Promise<Held | FaceReply> {
    const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const verdict = bearer === undefined ? 'unknown' : this.#grants.open(bearer);
    if (verdict === 'unknown' || verdict === 'expired') return text(401, 'Unauthorized');
    if (!/^[0-9a-f]{64}$/i.test(id)) return text(400, 'Not a file id');
    const { grant } = verdict;
    const ref: RepositoryRef = { origin: 'hf', kind: grant.kind, id: grant.id, revision: grant.commit };
    const snapshot = await this.#catalogue.snapshot(ref, grant.caller, request.signal);
    const file = this.#ids.of(snapshot.files).byId.get(id.toLowerCase());
    if (file === undefined) return text(404, 'There is no such file');
    const content = await this.#catalogue.content(snapshot, file, grant.caller);
    if (isVoid(content, grant.issuedMs)) return wrongReply();
    return { grant, snapshot, file, content, sizeBytes: content.sizeBytes };
  }

  /** Addresses are signed for each xorb. What is not public stays on this node, which knows on whose behalf it is asked for. */
  #addresser(
    { publicUrl }: FaceRequest,
    { grant, snapshot }: Held,
    { path }: ManifestFile,
  ): (xorb: XorbLayout, xorbId: string) => string {
    const { kind, id, commit, caller } = grant;
    const isPublic = snapshot.pinned.isPublic === true;
    const handle = isPublic ? '' : this.#grants.handleOf(caller);
    if (!isPublic) this.#callers.remember(handle, caller);
    const nodes = isPublic && this.#nodes.length > 0 ? this.#nodes : [publicUrl];
    const issuedMs = this.#now();
    return ({ index }, xorbId) => {
      const node = nodes[Number.parseInt(xorbId.slice(0, 8), 16) % nodes.length] ?? publicUrl;
      const query = this.#grants.sign({ kind, id, commit, path, index, handle, issuedMs });
      return `${node.replace(/\/+$/, '')}${PREFIX}/xorbs/default/${xorbId}?${query}`;
    };
  }
}

interface Held {
  readonly grant: TokenGrant;
  readonly snapshot: Snapshot;
  readonly file: ManifestFile;
  readonly content: Content;
  readonly sizeBytes: number;
}

/** The whole file without a range; ends are cut to the file's. Undefined when all of it lies behind the end: clients ask for that on purpose. */
function parseSpan(header: string | undefined, sizeBytes: number): Span | undefined {
  const match = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header ?? '');
  if (match === null) return { startByte: 0, endByte: sizeBytes };
  const startByte = Number(match[1]);
  const endByte = match[2] === '' ? sizeBytes : Math.min(sizeBytes, Number(match[2]) + 1);
  return startByte < endByte ? { startByte, endByte } : undefined;
}

function idsOf(body: string): readonly string[] | undefined {
  try {
    return asArray(JSON.parse(body))?.map((each) => asString(field(asObject(each), 'hash')) ?? '');
  } catch {
    return undefined;
  }
}
