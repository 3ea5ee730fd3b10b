import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, SimRequest } from './answer.js';
import { answerRequest } from './answer-request.js';
import { credentialsIn, isTrap } from './cdn.js';
import { FaultBook } from './fault-book.js';
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
  readonly requests: readonly RequestRecord[];
  /** Requests that brought credentials to the second host. Must stay empty. */
  readonly leaks: readonly RequestRecord[];
  /** Body bytes sent by both hosts. */
  readonly sentBytes: number;
  readonly connections: number;
  readonly faults: FaultControl;
  /** Forgets the requests so far. */
  forget(): void;
  /** Makes the next commit of a repository's default branch. Returns its id (Hugging Face's where both hubs have it). */
  update(id: string, files: SimFiles): string;
  /** The commit id that a revision means on a hub. */
  commit(id: string, revision?: string, hub?: 'huggingface' | 'modelscope'): string;
  /** Signed URLs issued so far answer 403 from now on. */
  expireSignedUrls(): void;
  setNetwork(profile: NetworkName | NetworkProfile): void;
  /** Cuts all connections and refuses new ones, until `revive`. */
  die(): Promise<void>;
  revive(): Promise<void>;
  stop(): Promise<void>;
}

/** Clients of 2026 compare hosts without ports: the second host needs a name of its own. Only Linux has all of 127/8. */
const SECOND_ADDRESS = process.platform === 'linux' ? '127.0.0.2' : 'localhost';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Starts a hub on loopback. */
export async function startSim(options: SimOptions = {}): Promise<Sim> {
  const hub = new SimulatedHub(options);
  await hub.revive();
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
  readonly #startedMs = performance.now();
  #requests: Mutable<RequestRecord>[] = [];
  #leaks: RequestRecord[] = [];
  #sentBytes = 0;
  #hasDied = false;

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
  }

  get url(): string {
    return this.#hub.url + (this.#options.prefix ?? '');
  }
  get cdnUrl(): string {
    return this.#cdn.url;
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
    const { huggingFace, modelScope } = this.#state;
    const commits = [...huggingFace, ...modelScope]
      .filter((each) => each.id === id)
      .map((each) => each.update(files).id);
    return commits[0] ?? notThere(id);
  }

  commit(id: string, revision = 'main', hub: 'huggingface' | 'modelscope' = 'huggingface'): string {
    const list = hub === 'huggingface' ? this.#state.huggingFace : this.#state.modelScope;
    return list.find((each) => each.id === id)?.resolve(revision)?.id ?? notThere(`${id}@${revision}`);
  }

  expireSignedUrls(): void {
    this.#state.signedUrls.expireAll();
  }

  setNetwork(profile: NetworkName | NetworkProfile): void {
    this.#line.change(profileOf(profile));
  }

  async die(): Promise<void> {
    await Promise.all([this.#hub.close(), this.#cdn.close()]);
  }

  async revive(): Promise<void> {
    await Promise.all([this.#hub.open(), this.#cdn.open()]);
    this.#state.signedUrls.baseUrl = this.#cdn.url;
  }

  async stop(): Promise<void> {
    await this.die();
  }

  #listener(host: 'hub' | 'cdn', port: number): Listener {
    return new Listener({
      address: host === 'hub' ? '127.0.0.1' : SECOND_ADDRESS,
      port,
      tls: this.#options.tls,
      onRequest: (request, response) => {
        void this.#answer(host, request, response).catch(() => response.destroy());
      },
    });
  }

  async #answer(host: 'hub' | 'cdn', incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const baseUrl = host === 'hub' ? this.url : this.cdnUrl;
    const request = await understand(incoming, host, baseUrl, host === 'hub' ? (this.#options.prefix ?? '') : '');
    const answer = answerRequest(request, this.#state);
    const faults = isTrap(request) ? [] : this.#book.strike(request, answer);
    const reply = makeReply(request, answer, faults, this.cdnUrl);
    const connection = this.#line.connection(incoming.socket);
    const record = this.#record(request, incoming, answer, reply.status, connection.id);
    await send({
      request: incoming,
      response,
      reply,
      faults,
      connection,
      latencyMs: this.#line.profile.latencyMs ?? 0,
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
    if (request.host === 'cdn' && credentialsIn(request)) this.#leaks.push(record);
    return record;
  }

  #count(record: Mutable<RequestRecord>, bytes: number): void {
    record.bytes += bytes;
    this.#sentBytes += bytes;
    const limit = this.#options.dieAfterBytes;
    if (limit === undefined || this.#hasDied || this.#sentBytes < limit) return;
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
