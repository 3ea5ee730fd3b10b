import {
  formatRef,
  repositoryPath,
  type Caller,
  type Origin,
  type Pinned,
  type RepositoryRef,
  type Source,
} from '../hubs/index.js';
import { gateKey, type HostGate, type ResponseHead, type Transport } from '../net/index.js';
import type { Asked, Upstreams } from './upstreams/upstreams.js';

export interface ScoutsOptions {
  readonly upstreams: Upstreams;
  readonly transport: Transport;
  readonly gate: HostGate;
  /** A file of this size will soon be asked for at this URL. */
  readonly warm: (url: string, sizeBytes: number) => void;
  readonly stop: AbortSignal;
  readonly now: () => number;
}

/** Where a file's bytes are, and who said so. */
interface Find {
  readonly origin: Origin;
  readonly commit: string;
  readonly url: string;
  readonly untilMs: number;
}

/** Nobody waits for a scout: what takes longer is found out by the fill. */
const PATIENCE_MS = 5000;
/** A find is for the fill that begins just then; signed addresses live for minutes at least. */
const FOUND_FOR_MS = 20_000;
/** Names of what hubs keep elsewhere. Anything else a hub gives by itself, or lacks: loaders look for a dozen files that most repositories have not. */
const LARGE =
  /\.(?:safetensors|gguf|ggml|bin|pth?|ckpt|onnx|h5|keras|msgpack|tflite|np[yz]|pkl|parquet|arrow|tar|t?gz|zip|zst|7z)$/i;
/** At once, and finds that are remembered. */
const MOST_SCOUTS = 32;

/**
 * Where the bytes of a file are is asked beside what its repository is, so that the first byte of a repository that nobody asked for yet waits for one of them and not for both. A find
 * counts only for the commit that the hub named with it, and only by the credentials that it was found with.
 */
export class Scouts {
  readonly #options: ScoutsOptions;
  readonly #underway = new Set<string>();
  /** Oldest first. */
  readonly #found = new Map<string, Find>();

  constructor(options: ScoutsOptions) {
    this.#options = options;
  }

  /** Somebody asks for this file of a repository of which nothing is known. Never throws. */
  send(ref: RepositoryRef, path: string, caller: Caller): void {
    const asked = LARGE.test(path) ? this.#whom(ref, caller) : undefined;
    const key = keyOf(ref, path);
    if (asked === undefined || this.#underway.size >= MOST_SCOUTS || this.#underway.has(key)) return;
    this.#underway.add(key);
    void this.#look(asked, ref, path, key)
      .catch(() => undefined)
      .finally(() => this.#underway.delete(key));
  }

  /** The same source with what was found of it. */
  told(source: Source, origin: Origin, { ref, revision, commit }: Pinned, path: string): Source {
    if (ref.origin === 'https') return source;
    const find = this.#found.get(keyOf(ref, path)) ?? this.#found.get(keyOf({ ...ref, revision }, path));
    if (find?.commit !== commit || find.origin !== origin || this.#options.now() >= find.untilMs) return source;
    return Object.defineProperty(source, 'foundAt', { value: find.url });
  }

  /** The first who is asked what the ref means. */
  #whom(ref: RepositoryRef, caller: Caller): Asked | undefined {
    const { upstreams } = this.#options;
    // Others do not say which commit they answer for.
    if (ref.origin !== 'hf' || upstreams.settings.offline) return undefined;
    const name = repositoryPath(ref);
    const isShared = caller.token === undefined || upstreams.isTokenForAll;
    const [asked] = [
      ...(isShared ? upstreams.shared(ref.origin, name) : []),
      ...upstreams.own(ref.origin, caller, name),
    ];
    return asked?.upstream.breaker.state === 'closed' ? asked : undefined;
  }

  async #look({ origin }: Asked, ref: RepositoryRef, path: string, key: string): Promise<void> {
    const { transport, gate, warm, stop, now } = this.#options;
    const revision = ref.revision ?? 'main';
    const file = { path, sizeBytes: undefined, digests: { sha256: '' } };
    const { url, headers = {}, credentials = {} } = origin.source({ ref, revision, commit: revision }, file);
    if (gate.pauseMs(gateKey(url)) > 0) return;
    const over = new AbortController();
    const signal = AbortSignal.any([stop, over.signal, AbortSignal.timeout(PATIENCE_MS)]);
    const onRedirect = (target: string, head: ResponseHead): void => {
      gate.note(gateKey(head.url), head);
      // Nobody goes there: whoever fetches the file does.
      over.abort();
      const { 'x-repo-commit': commit, 'x-linked-size': size = '' } = head.headers;
      if (commit === undefined || !/^\d{1,15}$/.test(size) || new URL(target).origin === new URL(url).origin) return;
      this.#keep(key, { origin, commit, url: target, untilMs: now() + FOUND_FOR_MS });
      warm(target, Number(size));
    };
    // Where the hub gives the bytes itself, one of them is enough to see that.
    const range = { startByte: 0, endByte: 1 };
    const onHead = (head: ResponseHead): boolean => {
      gate.note(gateKey(head.url), head);
      return false;
    };
    await transport.get({ url, headers, credentials, range, signal, onRedirect }, { onHead, onData: () => undefined });
  }

  #keep(key: string, find: Find): void {
    this.#found.delete(key);
    this.#found.set(key, find);
    if (this.#found.size > MOST_SCOUTS) this.#found.delete(this.#found.keys().next().value ?? '');
  }
}

function keyOf(ref: RepositoryRef, path: string): string {
  return `${formatRef(ref)} ${path}`;
}
