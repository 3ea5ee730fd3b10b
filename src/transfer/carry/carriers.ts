import { SluiceError, SpareThreads } from '../../base/index.js';
import type { ResponseHead } from '../../net/index.js';
import { Slabs, type SlabMemory } from '../../proof/index.js';
import type { SharedBucket } from '../budget/shared-bucket.js';
import { HostConnections, type Connected, type ConnectionRoom } from '../budget/connection-room.js';
import type { WireMeans } from '../request/perform.js';
import type { CarrierSetup, CarryEnd, CarryOrder, FromCarrier, Grant, ToCarrier } from './messages.js';
import { plainFailure } from './plain-failure.js';
import { serveOrders } from './serve-orders.js';
import { ThreadLoad } from './thread-load.js';

/** What is told of a run while it is under way. */
export interface CarryListener {
  onRedirect(target: string, head: ResponseHead): void;
  onHead(head: ResponseHead): void;
  /** The piece's bytes are with the kernel. */
  onLanded(index: number, digest: string, isLast: boolean): void;
  /** Where the order says so: of a piece that is not whole, everything before this byte is with the kernel. */
  onWritten(index: number, endByte: number): void;
  /** Mode `whole` only. */
  onReached(index: number): Grant;
}

/** A run under way. */
export interface Carriage {
  /** Never rejects. Nothing is written any more then. */
  readonly ended: Promise<CarryEnd>;
  stop(kill: boolean): void;
}

/** Whoever moves the bytes of runs: from the socket to the file, hashed on the way. */
export interface Carriers {
  carry(order: CarryOrder, listener: CarryListener): Carriage;
  /** Starts the threads ahead of need, where runs do not begin in this one. */
  warm(): void;
  /** Opens so many connections to where a URL leads ahead of need. */
  warmTo(url: string, connections: number): void;
  /** Whether its threads have no time left: more connections would bring no more. To be asked at every tick. */
  isBusy(): boolean;
  close(): Promise<void>;
}

interface Lane extends Connected {
  post(message: ToCarrier): void;
  close(): Promise<void>;
  /** False while its thread is still coming up: what is posted waits until then. */
  readonly isUp: boolean;
  /** Of its thread; undefined for this one. */
  readonly load: ThreadLoad | undefined;
  /** Runs under way. */
  active: number;
}

interface Job {
  readonly lane: Lane;
  /** That is being asked. */
  host: string;
  readonly order: CarryOrder;
  /** It took all that was asked for, so that its connection can be used again. */
  isWhole: boolean;
  readonly listener: CarryListener;
  readonly ended: Promise<CarryEnd>;
  readonly resolve: (end: CarryEnd) => void;
}

export interface CarriersOptions extends WireMeans {
  readonly limiter: SharedBucket;
  readonly slabs: SlabMemory;
  /** Threads at most; 0 carries in this one. */
  readonly threads: number;
  /** Those that were started ahead of need. */
  readonly spare?: SpareThreads;
  /** The first runs go by this thread as long as the others come up: their bytes are on the way 20 to 40 ms sooner. */
  readonly beginsHere?: boolean;
  /** Without one, threads keep what connections they have, however many there are with them. */
  readonly room?: ConnectionRoom;
}

/** So many runs to each host begin in this thread, which has other things to do: a line that gives much to a connection is in use by then, and threads come for the rest. */
const MOST_HERE = 4;

/** Threads for `createCarriers`, to be started ahead of need; undefined where everything is done in this one. */
export function spareCarriers(): SpareThreads | undefined {
  return import.meta.url.endsWith('.js') ? new SpareThreads(new URL('./worker.js', import.meta.url)) : undefined;
}

/**
 * A few threads, each with connections of its own, started when first needed. Where the transport cannot be made again in another thread, or where
 * the program runs from its TypeScript sources (tests), the same code runs in this one.
 */
export function createCarriers(options: CarriersOptions): Carriers {
  const lanes: Lane[] = [];
  /** This thread. */
  let here: Lane | undefined;
  let isClosed = false;
  const jobs = new Map<number, Job>();
  let nextId = 1;
  const { blueprint } = options.transport;
  const spare = options.spare ?? spareCarriers();
  const canThread = options.threads > 0 && blueprint !== undefined && spare !== undefined;

  const makeRoom = (url: string, lane: Lane): void => {
    if (lane.load !== undefined) options.room?.make(url, lane);
    else if (canThread) options.room?.makeHere(url, lane.connections.activeTo(new URL(url).host));
  };
  const settle = (id: number, job: Job, end: CarryEnd): void => {
    jobs.delete(id);
    job.lane.active -= 1;
    job.lane.connections.leave(job.host, job.isWhole && 'end' in end.outcome);
    if (canThread && job.lane !== here) options.transport.countElsewhere?.(end.requests);
    job.resolve(end);
  };
  const receive = (message: FromCarrier): void => {
    const job = jobs.get(message.id);
    if (job === undefined) return;
    const { listener, lane } = job;
    if (message.type === 'redirect') {
      lane.connections.leave(job.host, true);
      job.host = new URL(message.target).host;
      lane.connections.enter(job.host);
      makeRoom(message.target, lane);
      listener.onRedirect(message.target, message.head);
    } else if (message.type === 'head') {
      if (lane === here && lanes.length === 0) setImmediate(openBehind);
      listener.onHead(message.head);
    } else if (message.type === 'written') listener.onWritten(message.index, message.endByte);
    else if (message.type === 'landed') {
      job.isWhole = isEndOf(job.order, message.index);
      listener.onLanded(message.index, message.digest, message.isLast);
    } else if (message.type === 'reached')
      lane.post({ type: 'grant', id: message.id, grant: listener.onReached(message.index) });
    else settle(message.id, job, message.end);
  };
  /** Its runs end, and what they had not brought is asked for again; by another thread, if there was no error. */
  const failLane = (lane: Lane, error: unknown): void => {
    const at = lanes.indexOf(lane);
    // Told before, or closed by us.
    if (at < 0) return;
    lanes.splice(at, 1);
    options.room?.remove(lane);
    for (const [id, job] of jobs) {
      if (job.lane !== lane) continue;
      const ended = new SluiceError('RESET', { host: job.host, reason: 'the thread that read it ended' });
      const failure = plainFailure(error ?? ended);
      settle(id, job, { outcome: { failure }, left: undefined, ignoredRange: false, requests: 0 });
    }
  };
  const open = (): Lane => {
    if (!canThread) return openHere();
    const setup = { transport: blueprint, slabs: options.slabs, limit: options.limiter.buffer };
    const lane = openThread(spare, setup, receive, failLane);
    options.room?.add(lane);
    return lane;
  };
  const openHere = (): Lane => {
    const serve = serveOrders({ ...options, slabs: new Slabs(options.slabs) }, receive);
    return {
      post: serve,
      close: () => Promise.resolve(),
      isUp: true,
      load: undefined,
      active: 0,
      connections: new HostConnections(),
    };
  };
  const most = canThread ? options.threads : 1;
  const openAll = (): void => {
    while (canThread && !isClosed && lanes.length < most) lanes.push(open());
  };
  /** Where the system gives no more threads, those that are there do; this one, for want of any. */
  const openBehind = (): void => {
    try {
      openAll();
    } catch {
      return;
    }
  };
  const pickThread = (host: string): Lane => {
    const lane = pickLane(lanes, host, most);
    if (lane !== undefined) return lane;
    try {
      const opened = open();
      lanes.push(opened);
      return opened;
    } catch {
      return pickLane(lanes, host, lanes.length) ?? (here ??= openHere());
    }
  };
  /** Until threads are up, the first runs go by this one. Threads are started once the first of these is answered: starting one takes 5 ms, in which nothing is asked. */
  const laneFor = (host: string, { mode }: CarryOrder): Lane => {
    const isEarly = canThread && options.beginsHere === true && !lanes.some(({ isUp }) => isUp);
    if (!isEarly || mode !== 'range' || (here?.connections.activeTo(host) ?? 0) >= MOST_HERE) return pickThread(host);
    return (here ??= openHere());
  };

  return {
    carry: (order, listener) => {
      const host = new URL(order.wire.url).host;
      const lane = laneFor(host, order);
      const id = nextId;
      nextId += 1;
      lane.active += 1;
      lane.connections.enter(host);
      makeRoom(order.wire.url, lane);
      let resolve: (end: CarryEnd) => void = () => undefined;
      const ended = new Promise<CarryEnd>((settled) => (resolve = settled));
      jobs.set(id, { lane, host, order, isWhole: false, listener, ended, resolve });
      lane.post({ type: 'carry', id, order });
      return { ended, stop: (kill) => lane.post({ type: 'stop', id, kill }) };
    },
    warm: () => {
      if (options.beginsHere !== true) openAll();
    },
    warmTo: (url, connections) => {
      const isEarly = here !== undefined && !lanes.some(({ isUp }) => isUp);
      const mine = canThread ? (isEarly ? Math.min(connections, MOST_HERE) : 0) : connections;
      if (mine > 0) options.transport.warm?.(url, mine);
      for (const [at, lane] of lanes.entries()) {
        const theirs = Math.floor((connections - mine + at) / lanes.length);
        if (canThread && theirs > 0) lane.post({ type: 'warm', url, connections: theirs });
      }
    },
    isBusy: () => {
      const loads = lanes.map(({ load }) => load?.isBusy() === true);
      return loads.length >= most && loads.every(Boolean);
    },
    close: async () => {
      isClosed = true;
      const mine = [...jobs].filter(([, { lane }]) => lane.load === undefined);
      for (const [id, { lane }] of mine) lane.post({ type: 'stop', id, kill: true });
      await Promise.all([...lanes.splice(0).map((lane) => lane.close()), ...mine.map(([, { ended }]) => ended)]);
      const end = { outcome: { failure: plainFailure(new SluiceError('INTERRUPTED')) }, requests: 0 };
      for (const [id, job] of jobs) settle(id, job, { ...end, left: undefined, ignoredRange: false });
    },
  };
}

/** Whether what was asked for on the wire ends with this piece: what was cut short meanwhile leaves no connection. */
function isEndOf({ asked, pieceBytes }: CarryOrder, index: number): boolean {
  return Math.min((index + 1) * pieceBytes, asked.sizeBytes) >= (asked.range?.endByte ?? asked.sizeBytes);
}

/** One that has an unused connection to the host, else the idlest; undefined when another one is to be opened. */
function pickLane(lanes: readonly Lane[], host: string, most: number): Lane | undefined {
  let best: Lane | undefined;
  for (const lane of lanes) {
    if (lane.connections.keptTo(host) > 0 && lane.active <= (best?.active ?? Infinity)) best = lane;
  }
  if (best !== undefined) return best;
  for (const lane of lanes) if (lane.active < (best?.active ?? Infinity)) best = lane;
  return best !== undefined && (best.active === 0 || lanes.length >= most) ? best : undefined;
}

function openThread(
  spare: SpareThreads,
  setup: CarrierSetup,
  receive: (message: FromCarrier) => void,
  fail: (lane: Lane, error: unknown) => void,
): Lane {
  const worker = spare.take();
  worker.postMessage(setup);
  const lane = {
    post: (message: ToCarrier) => worker.postMessage(message),
    close: async () => {
      await worker.terminate();
    },
    isUp: false,
    load: new ThreadLoad(worker.performance),
    active: 0,
    connections: new HostConnections(),
  };
  worker.on('message', (messages: readonly FromCarrier[]) => {
    lane.isUp = true;
    messages.forEach(receive);
  });
  worker.on('error', (error) => fail(lane, error));
  // Without an error somebody ended it.
  worker.on('exit', () => fail(lane, undefined));
  return lane;
}
