import { SMALL_FILE_BYTES } from '../limits.js';
import type { ContentGroup } from '../same-content.js';
import type { BatchItem } from './batch-stock.js';
import { MANY_FILES } from './limits.js';

export interface Chosen {
  readonly items: readonly BatchItem[];
  readonly others: readonly ContentGroup[];
}

/** What the batch is to bring, if that is so much that threads are worth their start. */
export function chooseItems(groups: readonly ContentGroup[]): Chosen {
  const items = new Map<ContentGroup, BatchItem>();
  for (const group of groups) {
    const item = itemOf(group);
    if (item !== undefined) items.set(group, item);
  }
  if (items.size < MANY_FILES) return { items: [], others: groups };
  return { items: [...items.values()], others: groups.filter((group) => !items.has(group)) };
}

/** Undefined for what is large, empty or of unknown size, of which nothing says what it must be, or which nobody gives by plain requests. */
function itemOf(group: ContentGroup): BatchItem | undefined {
  const [task] = group;
  const { sizeBytes = 0, digests } = task;
  if (sizeBytes <= 0 || sizeBytes > SMALL_FILE_BYTES) return undefined;
  if (!Object.values(digests).some((value) => value !== undefined)) return undefined;
  const sources = task.sources.filter(({ spans }) => spans === undefined);
  if (sources.length === 0) return undefined;
  return { group, task, sizeBytes, sources, begun: { isAnnounced: false, retries: 0, fetchedBytes: 0 } };
}
