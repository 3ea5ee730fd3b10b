import dns, { type LookupAddress } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';

import { Depth, depthOf } from './address-kind.js';

/** The system's resolver tells no lifetime: this is what most content networks give their names. */
const FRESH_MS = 60_000;
/** So long an answer still serves, while it is asked for again beside it or when no name server answers. */
const USABLE_MS = 10 * 60_000;
const MAX_NAMES = 200;
/** Names of which is known for good how deep inside they may be. Beyond them the one marked longest ago is forgotten. */
const MAX_MARKED = 10_000;

/** Every address of a name; rejects as `dns.lookup` does. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

interface Entry {
  addresses: readonly LookupAddress[];
  askedMs: number;
  isFresh: boolean;
  /** Addresses that did not answer when they were last tried. */
  readonly dead: Set<string>;
  turn: number;
}

/**
 * Answers of the name servers, kept for all connections of a process's thread. Connections spread over the addresses of a name, and those that
 * were dead lately are tried last, so that a broken IPv6 costs its time once and not with every connection.
 */
export class Names {
  readonly #resolve: Resolve;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Map<string, Promise<Entry>>();
  /** The least depth that an address of a name ever had. */
  readonly #leastDepths = new Map<string, Depth>();
  /** Names that are dialled at addresses of this depth at most. */
  readonly #limits = new Map<string, Depth>();

  constructor(resolve: Resolve = askSystem, now: () => number = performance.now.bind(performance)) {
    this.#resolve = resolve;
    this.#now = now;
  }

  /** For `net.connect`. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.find(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all === true) callback(null, [...addresses]);
        else if (first !== undefined) callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error as NodeJS.ErrnoException, []),
    );
  };

  /** The addresses of a name, in the order in which this connection is to try them. */
  async find(hostname: string): Promise<readonly LookupAddress[]> {
    const addresses = await this.#find(hostname);
    const limit = this.#limits.get(hostname);
    if (limit === undefined) return addresses;
    const within = addresses.filter(({ address }) => depthOf(address) <= limit);
    if (within.length > 0) return within;
    throw Object.assign(new Error('a name that turned into an address further inside'), { code: 'ENOTFOUND' });
  }

  /** The least depth that it ever had: of a name with addresses here and there it is not known who answers. */
  async depth(hostname: string): Promise<Depth> {
    await this.#find(hostname);
    return this.#leastDepths.get(hostname) ?? Depth.public;
  }

  /** Has a name dialled at addresses of this depth at most from now on; false, and nothing changes, where it has none. */
  async keepWithin(hostname: string, limit: Depth): Promise<boolean> {
    if ((this.#limits.get(hostname) ?? Infinity) <= limit) return true;
    const addresses = await this.#find(hostname);
    if (addresses.every(({ address }) => depthOf(address) > limit)) return false;
    mark(this.#limits, hostname, limit);
    return true;
  }

  async #find(hostname: string): Promise<readonly LookupAddress[]> {
    const entry = this.#entries.get(hostname);
    const ageMs = entry === undefined ? Infinity : this.#now() - entry.askedMs;
    if (entry?.isFresh === true && ageMs < FRESH_MS) return nextOrder(entry);
    const asked = this.#ask(hostname);
    if (entry === undefined || ageMs >= USABLE_MS) return nextOrder(await asked);
    // An address that failed may have moved; otherwise the old answer will do, and the new one is for the next connection.
    if (!entry.isFresh) return asked.then(nextOrder, () => nextOrder(entry));
    asked.catch(() => undefined);
    return nextOrder(entry);
  }

  /** Learns from a connection that is being opened to `hostname` which addresses are dead. */
  watch(hostname: string, socket: Socket): void {
    const note = (address: string): void => void this.#entries.get(hostname)?.dead.add(address);
    socket.on('connectionAttemptFailed', note);
    socket.on('connectionAttemptTimeout', note);
  }

  /** No address of the name could be reached: the next connection asks again where it is. */
  failed(hostname: string): void {
    const entry = this.#entries.get(hostname);
    if (entry !== undefined) entry.isFresh = false;
  }

  /** One question at a time for a name, however many connections wait for it: the system's resolver has few threads. */
  #ask(hostname: string): Promise<Entry> {
    const under = this.#asking.get(hostname);
    if (under !== undefined) return under;
    const asking = this.#resolve(hostname)
      .then((addresses) => this.#keep(hostname, addresses))
      .finally(() => this.#asking.delete(hostname));
    this.#asking.set(hostname, asking);
    return asking;
  }

  #keep(hostname: string, addresses: readonly LookupAddress[]): Entry {
    if (addresses.length === 0) throw Object.assign(new Error('a name without addresses'), { code: 'ENOTFOUND' });
    mark(this.#leastDepths, hostname, Math.min(...addresses.map(({ address }) => depthOf(address))) as Depth);
    const entry = { addresses, askedMs: this.#now(), isFresh: true, dead: new Set<string>(), turn: 0 };
    this.#entries.delete(hostname);
    this.#entries.set(hostname, entry);
    const oldest = this.#entries.keys().next().value;
    if (this.#entries.size > MAX_NAMES && oldest !== undefined) this.#entries.delete(oldest);
    return entry;
  }
}

/** Depths only ever become less. */
function mark(depths: Map<string, Depth>, hostname: string, depth: Depth): void {
  const least = Math.min(depth, depths.get(hostname) ?? depth) as Depth;
  depths.delete(hostname);
  depths.set(hostname, least);
  const oldest = depths.keys().next().value;
  if (depths.size > MAX_MARKED && oldest !== undefined) depths.delete(oldest);
}

/** Families stay in the resolver's order, of which `net.connect` takes them alternately; within one, each connection begins with another address. */
function nextOrder(entry: Entry): readonly LookupAddress[] {
  const { addresses, dead, turn } = entry;
  entry.turn += 1;
  const alive = addresses.filter(({ address }) => !dead.has(address));
  if (alive.length === 0) {
    dead.clear();
    return addresses;
  }
  const families = [...new Set(alive.map(({ family }) => family))];
  const spread = families.flatMap((family) => {
    const own = alive.filter((each) => each.family === family);
    const first = turn % own.length;
    return [...own.slice(first), ...own.slice(0, first)];
  });
  return [...spread, ...addresses.filter(({ address }) => dead.has(address))];
}

/** Addresses of families that this machine has no address of are left out, as `net.connect` does. */
function askSystem(hostname: string): Promise<LookupAddress[]> {
  const hints = process.platform === 'win32' ? 0 : dns.ADDRCONFIG;
  return dns.promises.lookup(hostname, { all: true, hints });
}
