import { formatRef, type Ref } from '../../hubs/index.js';

/** A ref without its revision: what waivers and documents name. */
export function bareRef(ref: Ref): string {
  if (ref.origin === 'https') return formatRef(ref);
  const { revision: _, ...bare } = ref;
  return formatRef(bare);
}
