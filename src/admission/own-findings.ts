import { compilePattern } from '../hubs/index.js';
import type { Finding, Inventory } from '../scan/index.js';
import type { InventoryRule } from './policy/policy.js';

/** What rules of one's own say of what a file names. */
export function ownFindings(inventory: Inventory, rules: readonly InventoryRule[]): readonly Finding[] {
  return rules.flatMap((rule) => {
    const seen = [
      ...matching(inventory.imports, rule.imports),
      ...matching(inventory.calls, rule.calls),
      ...matching(inventory.hooks, rule.hooks),
      ...rule.templates.filter((text) => inventory.templates.some((template) => template.includes(text))),
    ];
    if (seen.length === 0) return [];
    const evidence = `${seen.slice(0, 3).join(', ')} (${rule.why})`;
    return [{ rule: rule.id, severity: rule.severity, evidence, members: [] }];
  });
}

function matching(names: readonly string[], patterns: readonly string[]): readonly string[] {
  const tests = patterns.map(compilePattern);
  return tests.length === 0 ? [] : names.filter((name) => tests.some((fits) => fits(name)));
}
