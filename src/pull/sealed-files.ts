import { open } from 'node:fs/promises';
import { SluiceError, assertSafePath, toSluiceError, type EventSink } from '../base/index.js';
import type { ManifestFile } from '../hubs/index.js';
import {
  bytesOf,
  openSealed,
  saysItIsSealed,
  writeExactly,
  writeOpened,
  type OpenedSeal,
  type SealKey,
} from '../proof/index.js';
import type { Store } from '../store/index.js';
import type { HeldFile } from './holdings.js';

/** What names of sealed files end in. */
const SUFFIX = '.sealed';
/** Up to here a file is made in memory. */
const SMALL_BYTES = 2 ** 20;

export interface SealedFilesOptions {
  readonly store: Store;
  readonly keys: readonly SealKey[];
  readonly listed: readonly ManifestFile[];
  readonly emit: EventSink;
  readonly signal: AbortSignal;
}

/**
 * Opens sealed files of a pull: what is in `x.sealed` becomes a blob of its own, to be shown as `x`. Only whole, proven plaintext gets a name; the keys are asked even where
 * the plaintext is here already, for whoever has no key is not to be shown it.
 */
export class SealedFiles {
  readonly #options: SealedFilesOptions;
  readonly #opening = new Map<string, Promise<HeldFile | undefined>>();
  /** One after the other: each keeps a processor busy. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: SealedFilesOptions) {
    this.#options = options;
  }

  /** A file of the pull is here: it is opened while others still come. @throws SluiceError WRONG_KEY, BROKEN_SEAL, VIEW_OBSTRUCTED */
  async proven(path: string, sha256: string): Promise<void> {
    if (path.endsWith(SUFFIX)) await this.#openOnce(path, sha256);
  }

  /** What comes out of those that are sealed. @throws as `proven` */
  async open(files: readonly HeldFile[]): Promise<readonly HeldFile[]> {
    const opened: HeldFile[] = [];
    for (const { path, sha256 } of files) {
      if (!path.endsWith(SUFFIX) || sha256 === undefined) continue;
      const file = await this.#openOnce(path, sha256);
      if (file !== undefined) opened.push(file);
    }
    return opened;
  }

  #openOnce(path: string, sha256: string): Promise<HeldFile | undefined> {
    const known = this.#opening.get(path);
    if (known !== undefined) return known;
    const opening = this.#turn.then(() => this.#openOne(path, sha256));
    this.#turn = opening.catch(() => undefined);
    this.#opening.set(path, opening);
    return opening;
  }

  async #openOne(path: string, sha256: string): Promise<HeldFile | undefined> {
    const { store, keys, listed, emit, signal } = this.#options;
    const to = path.slice(0, -SUFFIX.length);
    const file = await open(store.blobPath(sha256), 'r').catch((thrown: unknown) =>
      Promise.reject(toSluiceError(thrown)),
    );
    try {
      const bytes = await bytesOf(file);
      if (!(await saysItIsSealed(bytes))) return undefined;
      assertSafePath(to);
      if (listed.some((other) => other.path === to))
        throw new SluiceError('VIEW_OBSTRUCTED', {
          path: to,
          reason: `${path} opens to it, and the repository has a plain one`,
        });
      const opened = await openSealed(bytes, { keys, name: path, signal });
      const { plainSha256, size } = opened.header;
      if ((await store.blobState(plainSha256)) !== 'proven') await this.#make(opened, path);
      emit({ type: 'file.unsealed', file: path, to, sizeBytes: size, sha256: plainSha256 });
      return { path: to, sizeBytes: size, sha256: plainSha256, openedFrom: path };
    } catch (thrown) {
      throw toSluiceError(thrown);
    } finally {
      await file.close();
    }
  }

  /** Only what was proven as a whole becomes a blob; what a broken one left is removed. */
  async #make(opened: OpenedSeal, name: string): Promise<void> {
    const { store, signal } = this.#options;
    const { plainSha256: sha256, size: sizeBytes } = opened.header;
    const proof = { sha256, sizeBytes, digests: { sha256 } };
    if (sizeBytes <= SMALL_BYTES) {
      const parts: Buffer[] = [];
      const keep = (bytes: Buffer): Promise<void> => {
        parts.push(bytes);
        return Promise.resolve();
      };
      await writeOpened(opened, keep, name);
      return store.putBytes(Buffer.concat(parts), proof);
    }
    const partial = await store.openPartial({ digests: { sha256 }, sizeBytes }, { signal });
    // Somebody else made it meanwhile.
    if (partial === undefined) return;
    try {
      await partial.reset();
      await partial.allocate(sizeBytes);
      const out = await open(partial.dataPath, 'r+');
      try {
        await writeOpened(opened, (bytes, at) => writeExactly(out, [bytes], at), name);
      } finally {
        await out.close();
      }
    } catch (thrown) {
      await partial.reset();
      await partial.release();
      throw thrown;
    }
    await partial.commit(proof);
  }
}
