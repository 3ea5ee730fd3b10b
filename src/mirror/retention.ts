import type { EventSink } from '../base/index.js';
import { collect, forgetUse, listBlobs, listUses, namesOfUse, noteUse, type Store, type Use } from '../store/index.js';

export interface RetentionOptions {
  readonly store: Store;
  /** Most that the mirror's blobs may take of the disk; as much as there is when undefined. */
  readonly maxBytes: number | undefined;
  /** So much of the disk stays free. */
  readonly minFreeBytes: number;
  /** Whether what was asked for under a name (`hf:org/name`) is to stay. */
  readonly isPinned: (name: string) => boolean;
  /** What models of this machine need, and no mirror may take away. */
  readonly heldDigests: () => Promise<ReadonlySet<string>>;
  readonly emit: EventSink;
  readonly now: () => number;
}

interface Kept {
  readonly sizeBytes: number;
  readonly use: Use;
}

/** A use is written down at most this often for one blob. */
const NOTE_EVERY_MS = 3_600_000;
/** When room is made, a little more than is needed, so that it is not made for every file. */
const SPARE_SHARE = 0.05;

/** What the mirror keeps, and what it gives up when it needs the room: what was not asked for longest, never what is pinned or held. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #notedMs = new Map<string, number>();
  readonly #lastUsedMs = new Map<string, number>();
  #making: Promise<unknown> = Promise.resolve();
  /** At most so much is kept; exact after a look, and what room was made for since is added. */
  #totalBytes: number | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** A blob was given out, as part of `name`. Never throws; what cannot be written down costs only its place in the order. */
  used(sha256: string, name: string): void {
    const { store, now } = this.#options;
    const nowMs = now();
    this.#lastUsedMs.set(sha256, nowMs);
    const key = `${sha256} ${name}`;
    if (nowMs - (this.#notedMs.get(key) ?? -Infinity) < NOTE_EVERY_MS) return;
    this.#notedMs.set(key, nowMs);
    noteUse(store, sha256, name, nowMs).catch(() => this.#notedMs.delete(key));
  }

  /** Whether a blob was given out as part of `name` before. */
  async wasUsed(sha256: string, name: string): Promise<boolean> {
    if (this.#notedMs.has(`${sha256} ${name}`)) return true;
    return (await namesOfUse(this.#options.store, sha256)).includes(name);
  }

  /** Makes room for so many bytes more, one caller after another. False when there is none to be had. */
  makeRoom(sizeBytes: number): Promise<boolean> {
    const made = this.#making.then(() => this.#make(sizeBytes));
    this.#making = made.catch(() => undefined);
    return made;
  }

  async #make(sizeBytes: number): Promise<boolean> {
    const { store, maxBytes = Infinity, minFreeBytes } = this.#options;
    const lackOnDisk = sizeBytes + minFreeBytes - (await store.freeBytes());
    const isWithin = this.#totalBytes !== undefined && this.#totalBytes + sizeBytes <= maxBytes;
    if (lackOnDisk <= 0 && (isWithin || maxBytes === Infinity)) {
      this.#totalBytes = (this.#totalBytes ?? 0) + sizeBytes;
      return true;
    }
    const kept = await this.#kept();
    const total = kept.reduce((sum, blob) => sum + blob.sizeBytes, 0);
    const lack = Math.max(lackOnDisk, total + sizeBytes - maxBytes);
    const freed = lack <= 0 ? 0 : await this.#evict(kept, lack * (1 + SPARE_SHARE));
    this.#totalBytes = total - freed + sizeBytes;
    return freed >= lack;
  }

  async #evict(kept: readonly Kept[], wantedBytes: number): Promise<number> {
    const { store, isPinned, heldDigests, emit, now } = this.#options;
    const held = await heldDigests();
    const lastUsed = ({ use }: Kept): number => Math.max(use.lastUsedMs, this.#lastUsedMs.get(use.sha256) ?? 0);
    const candidates = kept
      .filter(({ use }) => !held.has(use.sha256) && !use.names.some(isPinned))
      .sort((left, right) => lastUsed(left) - lastUsed(right));
    let freed = 0;
    for (const { use, sizeBytes } of candidates) {
      if (freed >= wantedBytes) break;
      const blob = { sha256: use.sha256, sizeBytes, otherLinks: 0, modifiedAtMs: 0 };
      const plan = {
        madeAtMs: now(),
        blobs: [blob],
        youngBlobs: [],
        partials: [],
        leftovers: [],
        freedBytes: sizeBytes,
      };
      if ((await collect(store, plan)).blobs === 0) continue;
      await forgetUse(store, use.sha256);
      for (const key of [...this.#notedMs.keys()]) if (key.startsWith(use.sha256)) this.#notedMs.delete(key);
      freed += sizeBytes;
      const idleMs = Math.max(0, Math.round(now() - lastUsed({ use, sizeBytes })));
      emit({ type: 'mirror.evicted', sha256: use.sha256, bytes: sizeBytes, idleMs, names: use.names });
    }
    return freed;
  }

  /** What is here because the mirror gives it out. Blobs with links elsewhere free nothing and are not counted. */
  async #kept(): Promise<readonly Kept[]> {
    const { store } = this.#options;
    const uses = new Map<string, Use>();
    for await (const use of listUses(store)) uses.set(use.sha256, use);
    const kept: Kept[] = [];
    for await (const blob of listBlobs(store)) {
      const use = uses.get(blob.sha256);
      if (use !== undefined && blob.otherLinks === 0) kept.push({ sizeBytes: blob.sizeBytes, use });
    }
    return kept;
  }
}
