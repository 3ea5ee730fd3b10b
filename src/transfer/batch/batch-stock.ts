import type { Source } from '../../hubs/index.js';
import type { TransferTask } from '../port.js';
import type { ContentGroup } from '../same-content.js';
import type { Begun } from '../files/small-file.js';

/** A small file that waits to be brought, or is being brought, by the batch. */
export interface BatchItem {
  /** Everybody who wants it. */
  readonly group: ContentGroup;
  /** The first of them. */
  readonly task: TransferTask;
  readonly sizeBytes: number;
  /** Who may be asked for it; grows when others join. */
  readonly sources: Source[];
  /** What has been done for it so far. */
  readonly begun: Begun;
}

/** Files that nobody has been asked for yet, in their order. */
export class BatchStock {
  /** The next one is the last. */
  readonly #items: BatchItem[];
  #bytes: number;

  constructor(items: readonly BatchItem[]) {
    this.#items = [...items].reverse();
    this.#bytes = items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  get count(): number {
    return this.#items.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The first files that a source has: at most so many, and no more bytes than that unless it is one file. */
  take(source: string, mostFiles: number, mostBytes: number): BatchItem[] {
    const taken: BatchItem[] = [];
    let bytes = 0;
    for (let index = this.#items.length - 1; index >= 0 && taken.length < mostFiles; index -= 1) {
      const item = this.#items[index];
      if (item?.sources.some(({ id }) => id === source) !== true) continue;
      if (taken.length > 0 && bytes + item.sizeBytes > mostBytes) break;
      this.#items.splice(index, 1);
      bytes += item.sizeBytes;
      taken.push(item);
    }
    this.#bytes -= bytes;
    return taken;
  }

  /** They are the next ones again. */
  giveBack(items: readonly BatchItem[]): void {
    this.#items.push(...[...items].reverse());
    this.#bytes += items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Takes out all that fit. */
  remove(fits: (item: BatchItem) => boolean): BatchItem[] {
    const removed = this.#items.filter(fits).reverse();
    if (removed.length === 0) return removed;
    const kept = this.#items.filter((item) => !fits(item));
    this.#items.splice(0, this.#items.length, ...kept);
    this.#bytes -= removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return removed;
  }
}
