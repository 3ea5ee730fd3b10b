import { compilePattern } from '../../hubs/index.js';
import type { Policy } from './policy.js';

/** Whether a policy is for a ref, which stands without its revision. */
export function appliesTo({ refs }: Policy, ref: string): boolean {
  return refs === undefined || refs.some((pattern) => compilePattern(pattern)(ref));
}
