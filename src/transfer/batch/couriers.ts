import { SluiceError, SpareThreads } from '../../base/index.js';
import { createHostGate, type ResponseHead } from '../../net/index.js';
import { openBlobMaker, type Store } from '../../store/index.js';
import { HostConnections, type Connected, type ConnectionRoom } from '../budget/connection-room.js';
import type { SharedBucket } from '../budget/shared-bucket.js';
import { plainFailure, revivedFailure } from '../carry/plain-failure.js';
import { SmallBuffers } from '../files/small-buffers.js';
import type { WireMeans } from '../request/perform.js';
import { BUFFERS_PER_COURIER } from './limits.js';
import type { BatchEnd, BatchOrder, CourierSetup, FileReport, FromCourier, ToCourier } from './messages.js';
import { serveBatches } from './serve-batches.js';

/** What is told of an order while it is under way. */
export interface OrderListener {
  onFile(report: FileReport): void;
  onRedirect(at: number, target: string, head: ResponseHead): void;
  onPause(head: ResponseHead): void;
}

/** An order under way. */
export interface Errand {
  /** Never rejects. Nothing is stored any more then. */
  readonly ended: Promise<BatchEnd>;
  stop(): void;
}

/** Whoever brings small files by the batch: from the socket to the blob. */
export interface Couriers {
  bring(order: BatchOrder, listener: OrderListener): Errand;
  /** Makes the names of all that was stored durable. @throws SluiceError */
  sync(): Promise<void>;
  /** Starts the threads ahead of need. */
  warm(): void;
  close(): Promise<void>;
}

interface Lane extends Connected {
  post(message: ToCourier): void;
  close(): Promise<void>;
  active: number;
}

interface Waiting {
  readonly lane: Lane;
  readonly listener: OrderListener | undefined;
  readonly resolve: (last: Extract<FromCourier, { type: 'ended' | 'synced' }>) => void;
}

export interface CouriersOptions extends WireMeans {
  readonly limiter: SharedBucket;
  readonly store: Store;
  readonly threads: number;
  /** Those that were started ahead of need. */
  readonly spare?: SpareThreads;
  /** Without one, threads keep what connections they have, however many there are with them. */
  readonly room?: ConnectionRoom;
}

/** Threads for `createCouriers`, to be started ahead of need; undefined where everything is done in this one. */
export function spareCouriers(): SpareThreads | undefined {
  return import.meta.url.endsWith('.js') ? new SpareThreads(new URL('./worker.js', import.meta.url)) : undefined;
}

/**
 * A few threads, each with connections of its own, started when first needed. Where the transport cannot be made again in another thread, or where
 * the program runs from its TypeScript sources (tests), the same code runs in this one.
 */
export function createCouriers(options: CouriersOptions): Couriers {
  return new CouriersOf(options);
}

class CouriersOf implements Couriers {
  readonly #options: CouriersOptions;
  /** Undefined where no thread can do it. */
  readonly #spare: SpareThreads | undefined;
  readonly #most: number;
  readonly #lanes: Lane[] = [];
  readonly #waiting = new Map<number, Waiting>();
  /** Blobs whose names are not durable yet. */
  readonly #stored: string[] = [];
  #lastId = 0;

  constructor(options: CouriersOptions) {
    this.#options = options;
    this.#spare = options.transport.blueprint === undefined ? undefined : (options.spare ?? spareCouriers());
    this.#most = this.#spare !== undefined ? Math.max(1, options.threads) : 1;
  }

  bring(order: BatchOrder, listener: OrderListener): Errand {
    const lane = this.#idlest();
    const id = this.#nextId();
    lane.active += 1;
    const [first] = order.files;
    const host = first === undefined ? '' : new URL(first.url).host;
    lane.connections.enter(host);
    if (first !== undefined && this.#spare !== undefined) this.#options.room?.make(first.url, lane);
    const ended = this.#ask(id, lane, listener, { type: 'order', id, order }).then((last): BatchEnd => {
      lane.active -= 1;
      lane.connections.leave(host, true);
      const end = last.type === 'ended' ? last.end : { requests: 0 };
      if (this.#spare !== undefined) this.#options.transport.countElsewhere?.(end.requests);
      return end;
    });
    return { ended, stop: () => lane.post({ type: 'stop', id }) };
  }

  /** Each folder is synced by one of them, side by side. */
  async sync(): Promise<void> {
    const sha256s = this.#stored.splice(0);
    if (sha256s.length === 0) return;
    if (this.#lanes.length === 0) this.#idlest();
    const shares = this.#lanes.map((lane, index, { length }) => ({
      lane,
      sha256s: sha256s.filter((sha256) => Number.parseInt(sha256.slice(0, 2), 16) % length === index),
    }));
    const asked = shares
      .filter((share) => share.sha256s.length > 0)
      .map((share) => {
        const id = this.#nextId();
        return this.#ask(id, share.lane, undefined, { type: 'sync', id, sha256s: share.sha256s });
      });
    for (const last of await Promise.all(asked)) {
      const { failure } = last.type === 'synced' ? last : last.end;
      if (failure !== undefined) throw revivedFailure(failure);
    }
  }

  warm(): void {
    while (this.#spare !== undefined && this.#lanes.length < this.#most) this.#lanes.push(this.#open());
  }

  async close(): Promise<void> {
    const busy = new Set([...this.#waiting.values()].map(({ lane }) => lane));
    const closing = this.#lanes.splice(0).map((lane) => ({ lane, closed: lane.close() }));
    // Those that have nothing to do end by themselves; that takes 10 ms in which a pull can go on.
    await Promise.all(closing.filter(({ lane }) => busy.has(lane)).map(({ closed }) => closed));
    this.#lose(() => true, new SluiceError('INTERRUPTED'));
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #ask(
    id: number,
    lane: Lane,
    listener: OrderListener | undefined,
    message: ToCourier,
  ): Promise<Parameters<Waiting['resolve']>[0]> {
    return new Promise((resolve) => {
      this.#waiting.set(id, { lane, listener, resolve });
      lane.post(message);
    });
  }

  #idlest(): Lane {
    const idlest = this.#lanes.reduce<Lane | undefined>(
      (best, lane) => (best === undefined || lane.active < best.active ? lane : best),
      undefined,
    );
    if (idlest !== undefined && (idlest.active === 0 || this.#lanes.length >= this.#most)) return idlest;
    const lane = this.#open();
    this.#lanes.push(lane);
    return lane;
  }

  readonly #receive = (messages: readonly FromCourier[]): void => {
    for (const message of messages) {
      const waiting = this.#waiting.get(message.id);
      if (waiting === undefined) continue;
      if (message.type === 'file') this.#reported(message.report, waiting);
      else if (message.type === 'redirect') waiting.listener?.onRedirect(message.at, message.target, message.head);
      else if (message.type === 'pause') waiting.listener?.onPause(message.head);
      else {
        this.#waiting.delete(message.id);
        waiting.resolve(message);
      }
    }
  };

  #reported(report: FileReport, { listener }: Waiting): void {
    if (report.kind === 'stored') this.#stored.push(report.sha256);
    listener?.onFile(report);
  }

  /** What they had under way ends as failed. */
  #lose(isLost: (lane: Lane) => boolean, error: unknown): void {
    const failure = plainFailure(error);
    for (const [id, { lane }] of this.#waiting)
      if (isLost(lane)) this.#receive([{ type: 'ended', id, end: { failure, requests: 0 } }]);
  }

  #open(): Lane {
    const { transport, limiter, store } = this.#options;
    if (this.#spare !== undefined && transport.blueprint !== undefined) {
      const setup = { transport: transport.blueprint, store: store.root, limit: limiter.buffer };
      return this.#openThread(this.#spare, setup);
    }
    const means = {
      transport,
      limiter,
      maker: openBlobMaker(store.root, { ownsThread: false }),
      buffers: new SmallBuffers(BUFFERS_PER_COURIER, false),
      gate: createHostGate(),
    };
    return {
      post: serveBatches(means, this.#receive),
      close: () => Promise.resolve(),
      active: 0,
      connections: new HostConnections(),
    };
  }

  #openThread(spare: SpareThreads, setup: CourierSetup): Lane {
    const worker = spare.take();
    worker.postMessage(setup);
    const lane: Lane = {
      post: (message) => worker.postMessage(message),
      close: async () => {
        await worker.terminate();
      },
      active: 0,
      connections: new HostConnections(),
    };
    this.#options.room?.add(lane);
    worker.on('message', this.#receive);
    worker.on('error', (error) => {
      const at = this.#lanes.indexOf(lane);
      if (at >= 0) this.#lanes.splice(at, 1);
      this.#options.room?.remove(lane);
      this.#lose((each) => each === lane, error);
    });
    return lane;
  }
}
