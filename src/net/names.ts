import dns, { type LookupAddress } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';

import { isInside } from './address-kind.js';

/** The system's resolver tells no lifetime: this is what most content networks give their names. */
const FRESH_MS = 60_000;
/** So long an answer still serves, while it is asked for again beside it or when no name server answers. */
const USABLE_MS = 10 * 60_000;
const MAX_NAMES = 200;
/** Names of which is known for good that they are outside. Beyond them the one marked longest ago is forgotten. */
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
  /** Names that had a public address once. */
  readonly #seenOutside = new Set<string>();
  /** Names that are dialled at public addresses only. */
  readonly #keptOutside = new Set<string>();

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
    if (!this.#keptOutside.has(hostname)) return addresses;
    const outside = addresses.filter(({ address }) => !isInside(address));
    if (outside.length > 0) return outside;
    throw Object.assign(new Error('a public name that turned into a private address'), { code: 'ENOTFOUND' });
  }

  /** Whether the name has only ever had addresses of this machine and its private networks. */
  async isInsider(hostname: string): Promise<boolean> {
    await this.#find(hostname);
    return !this.#seenOutside.has(hostname);
  }

  /** Has a name dialled at public addresses only from now on; false, and nothing changes, where it has none. */
  async keepOutside(hostname: string): Promise<boolean> {
    if (this.#keptOutside.has(hostname)) return true;
    const addresses = await this.#find(hostname);
    if (addresses.every(({ address }) => isInside(address))) return false;
    mark(this.#keptOutside, hostname);
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
    if (addresses.some(({ address }) => !isInside(address))) mark(this.#seenOutside, hostname);
    const entry = { addresses, askedMs: this.#now(), isFresh: true, dead: new Set<string>(), turn: 0 };
    this.#entries.delete(hostname);
    this.#entries.set(hostname, entry);
    const oldest = this.#entries.keys().next().value;
    if (this.#entries.size > MAX_NAMES && oldest !== undefined) this.#entries.delete(oldest);
    return entry;
  }
}

function mark(names: Set<string>, hostname: string): void {
  names.delete(hostname);
  names.add(hostname);
  const [oldest] = names;
  if (names.size > MAX_MARKED && oldest !== undefined) names.delete(oldest);
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
