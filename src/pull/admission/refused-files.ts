import { Quarantine } from '../../admission/index.js';
import type { RefusedFile } from '../../base/index.js';
import type { Prepared } from '../prepare.js';

/** Wanted files whose content was refused in this store before, whether their bytes are still here or not. */
export async function refusedFiles({
  store,
  surveyed,
}: Pick<Prepared, 'store' | 'surveyed'>): Promise<readonly RefusedFile[]> {
  const quarantine = new Quarantine(store);
  const refused: RefusedFile[] = [];
  for (const { file, sha256 } of surveyed) {
    const found = await quarantine.find({ ...file.digests, sha256: sha256 ?? file.digests.sha256 });
    const [first] = found?.reasons ?? [];
    if (first !== undefined) refused.push({ path: file.path, policy: first.policy, rule: first.rule });
  }
  return refused;
}
