import { statfsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toSluiceError } from '../base/index.js';
import { LEAST_FREE_BYTES } from './limits.js';

/** An answer is believed for so long: probes of many balancers must not wear the disk. */
const BELIEVED_MS = 2000;

/** Whether requests should come here. */
export class Readiness {
  readonly #home: string;
  readonly #isDraining: () => boolean;
  readonly #upstreams: () => readonly { readonly state: string }[];
  readonly #now: () => number;
  #found: string | undefined;
  #store: { readonly atMs: number; readonly reason: Promise<string | undefined> } | undefined;

  constructor(
    home: string,
    isDraining: () => boolean,
    upstreams: () => readonly { readonly state: string }[] = () => [],
    now: () => number = Date.now,
  ) {
    this.#home = home;
    this.#isDraining = isDraining;
    this.#upstreams = upstreams;
    this.#now = now;
  }

  /** What was found last; asks again for the next time. */
  get wasReady(): boolean {
    void this.reason();
    return this.#found === undefined && !this.#isDraining();
  }

  /** Why not; undefined when all is well. */
  async reason(): Promise<string | undefined> {
    if (this.#isDraining()) return 'draining';
    const now = this.#now();
    if (this.#store === undefined || now - this.#store.atMs >= BELIEVED_MS)
      this.#store = { atMs: now, reason: this.#storeReason() };
    return (this.#found = await this.#store.reason);
  }

  /** How it is ready. Without upstreams it still gives what is here, so that none of them makes it unready; their names are not for everybody. */
  get summary(): string {
    const upstreams = this.#upstreams();
    const failing = upstreams.filter(({ state }) => state !== 'closed').length;
    return failing === 0 ? 'ready' : `ready; ${failing} of ${upstreams.length} upstreams fail`;
  }

  /** Undefined where the system does not tell. */
  disk(): { readonly freeBytes: number; readonly totalBytes: number } | undefined {
    try {
      const { bavail, blocks, bsize } = statfsSync(this.#home);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch {
      return undefined;
    }
  }

  async #storeReason(): Promise<string | undefined> {
    const disk = this.disk();
    if (disk !== undefined && disk.freeBytes < LEAST_FREE_BYTES) return 'disk full';
    const folder = join(this.#home, 'tmp');
    const probe = join(folder, `${process.pid}-ready`);
    try {
      await mkdir(folder, { recursive: true });
      await writeFile(probe, 'x');
      await rm(probe, { force: true });
      return undefined;
    } catch (thrown) {
      return `the store cannot be written (${toSluiceError(thrown).code})`;
    }
  }
}
