import { SluiceError, toSluiceError } from '../../../base/index.js';
import type { Caller, Catalogue, Content, Face, FaceReply, FaceRequest, Snapshot, Span } from '../../face.js';
import { asArray, asObject, asString, field } from '../../fields.js';
import type { ManifestFile } from '../../port.js';
import type { RepositoryRef } from '../../ref.js';
import { ANY_METHOD, isBy, READING, type Route } from '../../routes.js';
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

type Answer = (its: Service, request: FaceRequest, id: string) => Promise<FaceReply> | FaceReply;

interface XetRoute extends Route {
  readonly pattern: RegExp;
  readonly answer: Answer;
}

/** What stands in braces is one segment, or of the shape that is told. */
function routeAt(below: string, methods: Route['methods'], answer: Answer, shape = '[^/]+'): XetRoute {
  const path = PREFIX + below;
  return { path, methods, answer, pattern: new RegExp(`^${path.replace(/\{\w+\}/, `(${shape})`)}$`) };
}

/**
 * Serves files of a catalogue to Xet's clients, which check nothing of what they get: all of it is read from proven files, or by the rules of a fill, and once bytes turned
 * out wrong whatever was granted before is void.
 */
export function createContentService(catalogue: Catalogue, options: ContentServiceOptions): ContentService {
  return new Service(catalogue, options);
}

class Service implements ContentService {
  /** In all of Xet's generations. */
  static readonly #routes: readonly XetRoute[] = [
    routeAt('/xorbs/default/{xorb}', READING, (its, request, id) => its.#answerXorb(request, id), '[0-9a-f]{64}'),
    ...['', '/v1', '/v2'].flatMap((version) =>
      ['reconstruction', 'reconstructions'].map(
        (word) =>
        routeAt(`${version}/${word}/{file}`, READING, (its, request, id) => its.#answerReconstruction(request, id, version === '/v2' ? reconstruction2 : reconstruction1)), // prettier-ignore
      ),
    ),
    routeAt('/v1/reconstructions', ANY_METHOD, (its, request) => its.#answerBatch(request)),
    routeAt('/v1/files/{file}', ['HEAD'], (its, request, id) => its.#answerFile(request, id)),
    routeAt('/v1/telemetry', ANY_METHOD, () => text(200, '')),
  ];
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
      routes: Service.#routes,
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
    return this.#answer(request).catch((thrown: unknown) => refusalOf(toSluiceError(thrown)));
  }

  async #answer(request: FaceRequest): Promise<FaceReply> {
    for (const route of Service.#routes) {
      const found = isBy(route, request) ? route.pattern.exec(request.path) : null;
      if (found !== null) return route.answer(this, request, found[1] ?? '');
    }
    // Clients ask for chunks and xorbs that an upload could leave out: nothing is known here.
    if (request.method !== 'POST') return text(404, 'Not Found');
    return text(403, 'This is a mirror for reading: nothing can be written here.');
  }

  async #answerReconstruction(
    request: FaceRequest,
    id: string,
    told: typeof reconstruction1 | typeof reconstruction2,
  ): Promise<FaceReply> {
    const held = await this.#open(request, id);
    if ('status' in held) return held;
    const { file, sizeBytes } = held;
    const span = parseSpan(request.headers.range, sizeBytes);
    if (span === undefined) return { ...text(416, ''), headers: { 'content-range': `bytes */${sizeBytes}` } };
    if (span.endByte - span.startByte > MAX_SPAN_BYTES) return text(400, 'Ask for less at once, by ranges.');
    const asked = { fileId: id.toLowerCase(), sizeBytes, span, urlOf: this.#addresser(request, held, file) };
    return json(told(asked));
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
