import { MOST_INVENTORY_ENTRIES, MOST_TEMPLATE_BYTES } from './limits.js';
import type { Inventory } from './port.js';

export const NO_INVENTORY: Inventory = { imports: [], calls: [], templates: [], hooks: [] };

/** All of them as one: sorted, each entry once. `isWhole` is false when a list was cut. */
export function mergeInventories(inventories: readonly Inventory[]): { inventory: Inventory; isWhole: boolean } {
  let isWhole = true;
  const merge = (list: (inventory: Inventory) => readonly string[]): string[] => {
    const entries = new Set<string>();
    for (const inventory of inventories)
      for (const entry of list(inventory)) {
        if (entries.size < MOST_INVENTORY_ENTRIES) entries.add(entry);
        else if (!entries.has(entry)) isWhole = false;
      }
    return [...entries].sort();
  };
  const inventory = {
    imports: merge(({ imports }) => imports),
    calls: merge(({ calls }) => calls),
    templates: merge(({ templates }) => templates.map((text) => text.slice(0, MOST_TEMPLATE_BYTES))),
    hooks: merge(({ hooks }) => hooks),
  };
  return { inventory, isWhole };
}
