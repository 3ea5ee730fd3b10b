import { worstOf } from '../aggregate.js';
import { mergeInventories } from '../inventory.js';
import { judgePickle } from '../pickle/judge/judge-pickle.js';
import type { PickleProfile } from '../pickle/judge/profile.js';
import { scanPayloads } from '../pickle/nested.js';
import type { PickleRun } from '../pickle/port.js';
import type { ByteSource, FormatScan, ScanContext } from '../port.js';

/** Streams in the pickle that a container holds, each by what its readers may do, and what is hidden in their values. */
export async function judgeStreams(
  runs: readonly PickleRun[],
  profiles: readonly PickleProfile[],
  bytes: ByteSource,
  context: ScanContext,
): Promise<Pick<FormatScan, 'verdict' | 'findings' | 'inventory'>> {
  const judged: Pick<FormatScan, 'verdict' | 'findings' | 'inventory'>[] = [];
  for (const run of runs)
    judged.push(judgePickle(run, profiles, context.members), ...(await scanPayloads(run.payloads, bytes, context)));
  const { inventory, isWhole } = mergeInventories(judged.map((scan) => scan.inventory));
  return {
    verdict: worstOf([...judged.map(({ verdict }) => verdict), isWhole ? 'CLEAN' : 'NOT_SCANNED']),
    findings: judged.flatMap(({ findings }) => findings),
    inventory,
  };
}
