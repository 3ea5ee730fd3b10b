import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { SluiceError, errnoOf } from '../../../base/index.js';
import { calls } from '../../files/calls.js';
import { unless } from '../../files/errors.js';
import { hashFile, type StopSign } from '../../files/hash-file.js';
import { writeAtomic } from '../../files/write-atomic.js';
import type { Store } from '../../port.js';
import type { LinkMethod, ViewEntry } from '../port.js';
import { linkLadder, type Ladder, type LadderMethod } from './link-ladder.js';
import { obstructed, safeFolders, type SafeFolders } from './safe-folder.js';
import { temporariesBeside } from './temporaries.js';
import { entryFits, fileEntry } from './view-entries.js';

export interface PlacerOptions {
  readonly store: Store;
  readonly links: readonly LadderMethod[];
  /** Entries of earlier landings: a file that is still as it was then need not be hashed. */
  readonly known: readonly ViewEntry[];
  /** The temporary name for a target; by default a hidden one beside it. */
  readonly temporary?: (root: string, target: string) => string;
  readonly signal?: StopSign;
}

/** Whether what stands at a name shows the blob already. */
type Judge = (found: BigIntStats) => Promise<boolean>;

const TRIES = 5;
/** From then on every name is looked at before it is made: an exception costs more. */
const MOST_IN_THE_WAY = 16;

/**
 * Puts names into one view and remembers which. All paths are relative to the view's root and are checked; nothing is
 * written through a symlink; what is replaced is replaced atomically.
 */
export class Placer {
  /** Everything placed so far, by path. */
  readonly entries = new Map<string, ViewEntry>();
  readonly #folders: SafeFolders;
  readonly #store: Store;
  readonly #known: ReadonlyMap<string, ViewEntry>;
  readonly #ladder: Ladder;
  readonly #temporary: (target: string) => Promise<string>;
  readonly #signal: StopSign | undefined;
  readonly #linksFirst: boolean;
  /** How often a name could not be made at once. */
  #inTheWay = 0;

  private constructor(folders: SafeFolders, options: PlacerOptions) {
    this.#folders = folders;
    this.#store = options.store;
    this.#known = new Map(options.known.map((entry) => [entry.path, entry]));
    this.#ladder = linkLadder(options.links);
    this.#linksFirst = options.links[0] === 'hardlink';
    const { temporary } = options;
    this.#signal = options.signal;
    this.#temporary =
      temporary === undefined ? temporariesBeside() : (target) => Promise.resolve(temporary(folders.root, target));
  }

  static async open(root: string, options: PlacerOptions): Promise<Placer> {
    return new Placer(await safeFolders(root), options);
  }

  get root(): string {
    return this.#folders.root;
  }

  /** A file with the content of a blob. `ladder` overrides the view's own. */
  async blob(path: string, sha256: string, ladder: Ladder = this.#ladder): Promise<LinkMethod> {
    if (this.#signal?.aborted === true) throw new SluiceError('INTERRUPTED');
    const target = await this.#folders.place(path);
    const blob = this.#store.blobPath(sha256);
    const blobStat = await calls.lstat(blob);
    if (ladder === this.#ladder && (await this.#linked(path, blob, target))) {
      // Another name of the same file.
      this.entries.set(path, fileEntry(path, sha256, blobStat));
      return 'hardlink';
    }
    const isSame: Judge = (found) => this.#shows(found, target, path, sha256, blobStat);
    const make = async (replaces: boolean): Promise<LinkMethod> =>
      ladder({ blob, target, replaces, temporary: await this.#temporary(target) });
    const method = await settle(target, isSame, make);
    const now = await calls.lstat(target);
    const link = now.isSymbolicLink();
    this.entries.set(
      path,
      link ? { type: 'symlink', path, target: await calls.readlink(target) } : fileEntry(path, sha256, now),
    );
    return method;
  }

  /** A symlink with exactly this target. @throws the system's error where links are impossible */
  async pointer(path: string, target: string): Promise<LinkMethod> {
    const place = await this.#folders.place(path);
    if (await this.#isMade(path, () => calls.symlink(target, place))) {
      this.entries.set(path, { type: 'symlink', path, target });
      return 'symlink';
    }
    const isSame: Judge = async (found) => found.isSymbolicLink() && (await calls.readlink(place)) === target;
    const method = await settle(place, isSame, async (replaces) => {
      if (!replaces) await calls.symlink(target, place);
      else await replaceByLink(place, target, await this.#temporary(place));
      return 'symlink';
    });
    this.entries.set(path, { type: 'symlink', path, target });
    return method;
  }

  /** A small file of the layout itself. Kept when it says the same already. */
  async text(path: string, content: string | Uint8Array): Promise<void> {
    const place = await this.#folders.place(path);
    const bytes = Buffer.from(content);
    const found = await calls.lstatIf(place);
    if (found !== undefined && !found.isFile() && !found.isSymbolicLink()) throw obstructed(place, 'not a file');
    const same = found?.isFile() === true && (await calls.readFileIf(place))?.equals(bytes) === true;
    if (!same) await writeAtomic(place, bytes, { temporary: await this.#temporary(place), sync: 'file' });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.entries.set(path, fileEntry(path, sha256, await calls.lstat(place)));
  }

  /** What a small file of the layout says now, if it is a regular file. */
  async read(path: string): Promise<Buffer | undefined> {
    const place = await this.#folders.place(path);
    const found = await calls.lstatIf(place);
    return found?.isFile() === true ? calls.readFileIf(place) : undefined;
  }

  /** Hard links the blob where nothing stands yet, without a look before; false leaves everything to be looked at. */
  async #linked(path: string, blob: string, target: string): Promise<boolean> {
    return this.#linksFirst && this.#isMade(path, () => calls.link(blob, target));
  }

  /** Makes a name that appears whole or not at all, if it is likely to be free. */
  async #isMade(path: string, make: () => Promise<void>): Promise<boolean> {
    if (this.#known.has(path) || this.#inTheWay > MOST_IN_THE_WAY) return false;
    try {
      await make();
      return true;
    } catch {
      this.#inTheWay += 1;
      return false;
    }
  }

  async #shows(
    found: BigIntStats,
    target: string,
    path: string,
    sha256: string,
    blobStat: BigIntStats,
  ): Promise<boolean> {
    if (found.ino === blobStat.ino && found.dev === blobStat.dev) return true;
    if (found.isSymbolicLink() && (await calls.readlink(target)) === this.#store.blobPath(sha256)) return true;
    // A foreign link is only read through. Where it leads nowhere it is replaced.
    const led = await unless(stat(target, { bigint: true }), ['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES']);
    if (led?.isFile() !== true || led.size !== blobStat.size) return false;
    const before = this.#known.get(path);
    if (before?.type === 'file' && before.sha256 === sha256 && entryFits(before, found)) return true;
    return (await hashFile(target, this.#signal)).sha256 === sha256;
  }
}

/** Keeps what stands at `target` if it is the same, makes or replaces it otherwise; looks again when somebody was quicker. */
async function settle(
  target: string,
  isSame: Judge,
  make: (replaces: boolean) => Promise<LinkMethod>,
): Promise<LinkMethod> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await calls.lstatIf(target);
    if (found?.isDirectory() === true) throw obstructed(target, 'a folder');
    if (found !== undefined && !found.isFile() && !found.isSymbolicLink()) throw obstructed(target, 'not a file');
    if (found !== undefined && (await isSame(found))) return 'kept';
    try {
      return await make(found !== undefined);
    } catch (thrown) {
      // ENOENT: somebody swept our temporary name.
      if (!['EEXIST', 'ENOENT'].includes(errnoOf(thrown) ?? '') || attempt === TRIES) throw thrown;
    }
  }
}

async function replaceByLink(place: string, target: string, temporary: string): Promise<void> {
  try {
    await calls.symlink(target, temporary);
    await calls.rename(temporary, place);
  } finally {
    await calls.remove(temporary);
  }
}
