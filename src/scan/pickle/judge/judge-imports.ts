import type { Finding, Inventory } from '../../port.js';
import { finding } from '../../rules.js';
import { quoted } from '../values.js';
import { labelOf } from './label-of.js';

/** What is known against names that were imported, by the inventory alone. Where the module ends is not written there: every place is tried. */
export function judgeImports({ imports }: Pick<Inventory, 'imports'>): readonly Finding[] {
  return imports.flatMap((full) => {
    const steps = full.split('.');
    for (let end = steps.length - 1; end > 0; end -= 1) {
      const label = labelOf(steps.slice(0, end).join('.'), steps.slice(end).join('.'));
      if (label !== undefined) {
        return [finding('PKL-IMPORT-DENY', `${quoted(full)}: ${label.reason}`, [], undefined, label.severity)];
      }
    }
    return [];
  });
}
