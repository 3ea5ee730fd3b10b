import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, SimHost, SimRequest } from './answer.js';
import { answerRequest } from './answer-request.js';
import { isLeak, isTrap } from './cdn.js';
import { FaultBook, type Strike } from './fault-book.js';
import type { ActiveFault, FaultRule } from './faults.js';
import { Line } from './line.js';
import { Listener } from './listener.js';
import { NETWORKS, type NetworkName, type NetworkProfile } from './network.js';
import type { SimOptions } from './options.js';
import { makeState } from './make-state.js';
import { seededRandom } from './random.js';
import type { RequestRecord } from './recorder.js';
import { makeReply } from './reply.js';
import type { SimFiles } from './repository.js';
import { send } from './send.js';
import type { HubState } from './state.js';
import { understand } from './understand.js';
import { placeOf, type XetPlace } from './xet/xorb.js';

export interface FaultControl {
  add(rule: FaultRule): ActiveFault;
  clear(): void;
}

/** A running hub. Everything it was asked stands in `requests`, in order of arrival. */
export interface Sim {
  /** Endpoint of the hub: what HF_ENDPOINT and MODELSCOPE_ENDPOINT would be. */
  readonly url: string;
  /** Another origin, to which signed URLs lead. */
  readonly cdnUrl: string;
  /** A third one, the Xet storage service. */
  readonly casUrl: string;
  readonly requests: readonly RequestRecord[];
  /** Requests that brought credentials to a host that they are not for. Must stay empty. */
  readonly leaks: readonly RequestRecord[];
  /** Body bytes sent by all hosts. */
  readonly sentBytes: number;
  readonly connections: number;
  readonly faults: FaultControl;
  /** Forgets the requests so far. */
  forget(): void;
  /** Makes the next commit of a repository's default branch. Returns its id (Hugging Face's where both hubs have it). */
  update(id: string, files: SimFiles): string;
  /** The commit id that a revision means on a hub. */
  commit(id: string, revision?: string, hub?: 'huggingface' | 'modelscope'): string;
  /** The chunk of a xorb that a byte of a large file of the default branch lies in: what to damage. Once the simulator answers. */
  xetPlace(id: string, path: string, byte: number): XetPlace;
  /** Signed URLs issued so far, those of xorbs too, answer 403 from now on. */
  expireSignedUrls(): void;
  /** Xet tokens issued so far are answered 401 from now on. */
  expireXetTokens(): void;
  /** Applies at once, to open connections and answers under way as well. */
  setNetwork(profile: NetworkName | NetworkProfile): void;
  /** Every connection stays open and brings nothing more, heads included, until `speak`. */
  fallSilent(): void;
  speak(): void;
  /** Cuts all connections and refuses new ones, until `revive`. */
  die(): Promise<void>;
  revive(): Promise<void>;
  stop(): Promise<void>;
}

/** Clients of 2026 compare hosts without ports: every host needs a name of its own. Only Linux has all of 127/8. */
const ADDRESSES: Readonly<Record<SimHost, string>> =
  process.platform === 'linux'
    ? { hub: '127.0.0.1', cdn: '127.0.0.2', cas: '127.0.0.3' }
    : { hub: '127.0.0.1', cdn: 'localhost', cas: 'localhost' };

const UNTOUCHED: Strike = { faults: [], release: () => undefined };

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Starts a hub on loopback. */
export async function startSim(options: SimOptions = {}): Promise<Sim> {
  const hub = new SimulatedHub(options);
  await hub.revive();
  await hub.ready();
  return hub;
}

class SimulatedHub implements Sim {
  readonly faults: FaultControl;
  readonly #options: SimOptions;
  readonly #state: HubState;
  readonly #book: FaultBook;
  readonly #line: Line;
  readonly #hub: Listener;
  readonly #cdn: Listener;
  readonly #cas: Listener;
  readonly #startedMs = performance.now();
  #requests: Mutable<RequestRecord>[] = [];
  #leaks: RequestRecord[] = [];
  #sentBytes = 0;
  #hasDied = false;
  #wasSilent = false;

  constructor(options: SimOptions) {
    this.#options = options;
    const seed = options.seed ?? 1;
    this.#book = new FaultBook(seededRandom(`faults ${seed}`));
    this.faults = this.#book;
    for (const rule of options.faults ?? []) this.#book.add(rule);
    this.#line = new Line(profileOf(options.network ?? 'clean'), seededRandom(`line ${seed}`));
    this.#state = makeState(options);
    this.#hub = this.#listener('hub', options.port ?? 0);
    this.#cdn = this.#listener('cdn', 0);
    this.#cas = this.#listener('cas', 0);
  }

  get url(): string {
    return this.#hub.url + (this.#options.prefix ?? '');
  }
  get cdnUrl(): string {
    return this.#cdn.url;
  }
  get casUrl(): string {
    return this.#cas.url;
  }
  get requests(): readonly RequestRecord[] {
    return this.#requests;
  }
  get leaks(): readonly RequestRecord[] {
    return this.#leaks;
  }
  get sentBytes(): number {
    return this.#sentBytes;
  }
  get connections(): number {
    return this.#line.connections;
  }

  forget(): void {
    this.#requests = [];
  }

  update(id: string, files: SimFiles): string {
    const { huggingFace, modelScope, xet } = this.#state;
    const commits = [...huggingFace, ...modelScope]
      .filter((each) => each.id === id)
      .map((each) => each.update(files).id);
    for (const repository of huggingFace) if (repository.id === id) xet?.library.include(repository);
    return commits[0] ?? notThere(id);
  }

  commit(id: string, revision = 'main', hub: 'huggingface' | 'modelscope' = 'huggingface'): string {
    const list = hub === 'huggingface' ? this.#state.huggingFace : this.#state.modelScope;
    return list.find((each) => each.id === id)?.resolve(revision)?.id ?? notThere(`${id}@${revision}`);
  }

  xetPlace(id: string, path: string, byte: number): XetPlace {
    const { huggingFace, xet } = this.#state;
    const stored = huggingFace
      .find((each) => each.id === id)
      ?.resolve('main')
      ?.files.get(path);
    const file = stored === undefined ? undefined : xet?.find(stored);
    return (file === undefined ? undefined : placeOf(file, byte)) ?? notThere(`${path} of ${id} in Xet storage`);
  }

  expireSignedUrls(): void {
    this.#state.signedUrls.expireAll();
    this.#state.xet?.urls.expireAll();
  }

  expireXetTokens(): void {
    this.#state.xet?.tokens.expireAll();
  }

  setNetwork(profile: NetworkName | NetworkProfile): void {
    this.#line.change(profileOf(profile));
  }

  fallSilent(): void {
    this.#line.fallSilent();
  }

  speak(): void {
    this.#line.speak();
  }

  async die(): Promise<void> {
    await Promise.all(this.#listeners.map((each) => each.close()));
  }

  async revive(): Promise<void> {
    await Promise.all(this.#listeners.map((each) => each.open()));
    this.#state.signedUrls.baseUrl = this.#cdn.url;
    const { xet } = this.#state;
    if (xet === undefined) return;
    xet.casUrl = this.#cas.url;
    xet.urls.baseUrl = this.#cdn.url;
  }

  async stop(): Promise<void> {
    await this.die();
    await this.#state.xet?.library.close();
  }

  /** Resolves when everything can be served. */
  async ready(): Promise<void> {
    await this.#state.xet?.library.ready;
  }

  get #listeners(): readonly Listener[] {
    return this.#state.xet === undefined ? [this.#hub, this.#cdn] : [this.#hub, this.#cdn, this.#cas];
  }

  #listener(host: SimHost, port: number): Listener {
    return new Listener({
      address: this.#options.addresses?.[host] ?? ADDRESSES[host],
      port,
      tls: this.#options.tls,
      onRequest: (request, response) => {
        void this.#answer(host, request, response).catch(() => response.destroy());
      },
    });
  }

  async #answer(host: SimHost, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const baseUrl = { hub: this.url, cdn: this.cdnUrl, cas: this.casUrl }[host];
    const request = await understand(incoming, host, baseUrl, host === 'hub' ? (this.#options.prefix ?? '') : '');
    await this.ready();
    const answer = answerRequest(request, this.#state);
    const { faults, release } = isTrap(request) ? UNTOUCHED : this.#book.strike(request, answer);
    response.once('close', release);
    if (response.closed) release();
    const reply = makeReply(request, answer, faults, this.cdnUrl);
    const connection = this.#line.connection(incoming.socket);
    const record = this.#record(request, incoming, answer, reply.status, connection.id);
    await send({
      request: incoming,
      response,
      reply,
      faults,
      connection,
      onBody: () => this.#line.begin(),
      breakAfterBytes: this.#line.breakAfter(reply.end - reply.start),
      onBytes: (bytes) => this.#count(record, bytes),
    });
    record.complete = response.writableEnded;
  }

  #record(
    request: SimRequest,
    incoming: IncomingMessage,
    answer: Answer,
    status: number,
    connection: number,
  ): Mutable<RequestRecord> {
    const record: Mutable<RequestRecord> = {
      index: this.#requests.length,
      atMs: performance.now() - this.#startedMs,
      host: request.host,
      connection,
      method: request.method,
      url: incoming.url ?? '/',
      kind: answer.kind,
      headers: request.headers,
      authorization: request.headers.authorization,
      range: request.headers.range,
      status,
      path: answer.path,
      bytes: 0,
      complete: false,
    };
    this.#requests.push(record);
    if (isLeak(request, this.#state)) this.#leaks.push(record);
    return record;
  }

  #count(record: Mutable<RequestRecord>, bytes: number): void {
    record.bytes += bytes;
    this.#sentBytes += bytes;
    const { dieAfterBytes = Infinity, silentAfterBytes = Infinity } = this.#options;
    if (!this.#wasSilent && this.#sentBytes >= silentAfterBytes) {
      this.#wasSilent = true;
      this.fallSilent();
    }
    if (this.#hasDied || this.#sentBytes < dieAfterBytes) return;
    this.#hasDied = true;
    void this.die();
  }
}

function profileOf(network: NetworkName | NetworkProfile): NetworkProfile {
  return typeof network === 'string' ? NETWORKS[network] : network;
}

function notThere(what: string): never {
  throw new Error(`The simulator has no ${what}`);
}
