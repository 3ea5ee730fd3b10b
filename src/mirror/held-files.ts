import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { errnoOf, type Digests } from '../base/index.js';
import type { Content } from '../hubs/index.js';
import type { Store } from '../store/index.js';
import { heldContent } from './held-content.js';
import { PieceGuards } from './piece-guards.js';

/** Longer ones are read from the disk: finding them costs little beside sending them. */
const MOST_BYTES_EACH = 1024 * 1024;
/** So long what is in memory is given without a look at its file: its bytes are right anyhow, and who took the file away may be noticed a little later. */
const LOOK_EVERY_MS = 1000;
/** What an entry takes beside its bytes, about. */
const OVERHEAD_BYTES = 1024;
/** Digests that the store finds content by, best first. */
const KEYS = ['sha256', 'gitSha1', 'sha512', 'sha1'] as const;

interface Small {
  readonly sha256: string;
  readonly bytes: Buffer;
  /** Of the file that the bytes were read from, when it was proven. */
  readonly stat: BigIntStats;
  lookedAtMs: number;
}

/** What is here and proven. Small files are kept in memory too, hashed when they were read, and given for as long as their file on disk stays the one that it was, as of a second ago. */
export class HeldFiles {
  readonly #store: Store;
  readonly #mostBytes: number;
  readonly #now: () => number;
  readonly #guards: PieceGuards;
  /** Least recently used first. */
  readonly #small = new Map<string, Small>();
  #bytes = 0;

  readonly #changed: (sha256: string) => void;

  /** `mostBytes`: memory for small files; 0 keeps none. `changed`: told of content that is not what was proven any more. `now`: monotonic milliseconds. `guards`: of what is read from the disk. */
  constructor(
    store: Store,
    mostBytes: number,
    changed: (sha256: string) => void = () => undefined,
    now = () => performance.now(),
    guards = new PieceGuards({ store, now }),
  ) {
    this.#changed = changed;
    this.#store = store;
    this.#mostBytes = mostBytes;
    this.#now = now;
    this.#guards = guards;
  }

  /** As `heldContent`. */
  async content(
    digests: Digests,
    sizeBytes: number | undefined,
    used: (sha256: string) => void,
  ): Promise<Content | undefined> {
    const key = keyOf(digests);
    if (key === undefined || this.#mostBytes === 0 || (sizeBytes ?? 0) > MOST_BYTES_EACH)
      return heldContent(this.#store, this.#guards, digests, sizeBytes, used, this.#changed);
    const small = (await this.#recall(key, sizeBytes)) ?? (await this.#read(key, digests, sizeBytes));
    if (small === undefined) return heldContent(this.#store, this.#guards, digests, sizeBytes, used, this.#changed);
    used(small.sha256);
    const { bytes } = small;
    return {
      sizeBytes: bytes.length,
      status: 'HIT',
      sha256: small.sha256,
      bytes,
      // eslint-disable-next-line @typescript-eslint/require-await -- it is here
      read: async function* ({ startByte, endByte }) {
        yield bytes.subarray(startByte, endByte);
      },
    };
  }

  async #recall(key: string, sizeBytes: number | undefined): Promise<Small | undefined> {
    const small = this.#small.get(key);
    if (small === undefined || (sizeBytes !== undefined && sizeBytes !== small.bytes.length)) return undefined;
    if (this.#now() - small.lookedAtMs >= LOOK_EVERY_MS) {
      const stat = await statOf(this.#store.blobPath(small.sha256));
      if (stat === undefined || !isSame(stat, small.stat)) {
        this.#forget(key);
        return undefined;
      }
      small.lookedAtMs = this.#now();
    }
    // It may have made room for others meanwhile.
    if (this.#small.delete(key)) this.#small.set(key, small);
    return small;
  }

  async #read(key: string, digests: Digests, sizeBytes: number | undefined): Promise<Small | undefined> {
    const sha256 = await this.#store.lookup(digests, sizeBytes);
    if (sha256 === undefined) return undefined;
    const path = this.#store.blobPath(sha256);
    const stat = await statOf(path);
    if (stat === undefined || stat.size > MOST_BYTES_EACH) return undefined;
    if ((await this.#store.blobState(sha256)) !== 'proven') return undefined;
    const bytes = await readFile(path).catch(() => undefined);
    const after = await statOf(path);
    if (bytes === undefined || after === undefined || !isSame(stat, after)) return undefined;
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      // A disk that changed it under its stamp: it is taken away, and comes in anew.
      this.#changed(sha256);
      await this.#store.proveBlob(sha256);
      return undefined;
    }
    const small = { sha256, bytes, stat, lookedAtMs: this.#now() };
    this.#keep(key, small);
    return small;
  }

  #keep(key: string, small: Small): void {
    this.#forget(key);
    this.#small.set(key, small);
    this.#bytes += small.bytes.length + OVERHEAD_BYTES;
    for (const oldest of this.#small.keys()) {
      if (this.#bytes <= this.#mostBytes) break;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    const small = this.#small.get(key);
    if (small === undefined) return;
    this.#small.delete(key);
    this.#bytes -= small.bytes.length + OVERHEAD_BYTES;
  }
}

function keyOf(digests: Digests): string | undefined {
  const algorithm = KEYS.find((each) => digests[each] !== undefined);
  return algorithm === undefined ? undefined : `${algorithm}:${digests[algorithm]}`;
}

/** Undefined where no regular file stands. */
async function statOf(path: string): Promise<BigIntStats | undefined> {
  try {
    const stat = await lstat(path, { bigint: true });
    return stat.isFile() ? stat : undefined;
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** By what stamps go by. */
function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ino === b.ino;
}
