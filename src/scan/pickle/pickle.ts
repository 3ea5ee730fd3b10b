import { worstOf } from '../aggregate.js';
import { mergeInventories } from '../inventory.js';
import type { Attribution, ByteSource, Finding, Format, FormatScan, Inventory, ScanContext, Verdict } from '../port.js';
import { finding } from '../rules.js';
import { sliceOf } from '../sources.js';
import { judgePickle } from './judge/judge-pickle.js';
import { NUMPY } from './judge/numpy-profile.js';
import { PLAIN } from './judge/plain-profile.js';
import { TORCH } from './judge/torch-profile.js';
import { isPickle } from './known.js';
import { LIMITS } from './limits.js';
import { runPickle } from './machine.js';
import { scanPayloads } from './nested.js';
import type { PickleRun } from './port.js';

/** In any order: what fits one of them is clean. */
const PROFILES = [PLAIN, NUMPY, TORCH];
/** Behind PROTO, PyTorch's magic number; and the module whose arrays stand in the stream as they are. Both have readers of their own. */
const TORCH_LEGACY = Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex');
const JOBLIB = Buffer.from('joblib.numpy_pickle');

const PICKLE_NAMES = /\.(?:pkl|pickle)$/i;

/** Pickles, one or several in a file. */
export const PICKLE: Format = {
  format: 'pickle',
  claims: (start, name, sizeBytes) =>
    !start.subarray(0, 32).includes(TORCH_LEGACY) &&
    isPickle(start, sizeBytes, PICKLE_NAMES.test(name)) &&
    // Asked last: most files are none of this, and that is known by their first bytes.
    !start.includes(JOBLIB),
  scan: scanPickles,
};

async function scanPickles(bytes: ByteSource, context: ScanContext): Promise<FormatScan> {
  const { members } = context;
  const findings: Finding[] = [];
  const attributions: Attribution[] = [];
  const inventories: Inventory[] = [];
  const verdicts: Verdict[] = [];
  const include = (scan: Pick<FormatScan, 'verdict' | 'findings' | 'inventory'>): void => {
    findings.push(...scan.findings);
    inventories.push(scan.inventory);
    verdicts.push(scan.verdict);
  };
  let at = 0;
  let streams = 0;
  let isIdle = false;
  for (let isOver = false; !isOver; isOver = isOver || at >= bytes.sizeBytes) {
    if (streams >= LIMITS.streamsOfOneFile) {
      findings.push(finding('LIMIT-HIT', `more than ${LIMITS.streamsOfOneFile} pickles`, members, at));
      verdicts.push('NOT_SCANNED');
      break;
    }
    const run = await runPickle(bytes, at, members);
    if (streams > 0 && isNothing(run)) {
      include(await scanTrailing(bytes, at, context));
      break;
    }
    include(judgePickle(run, PROFILES, members));
    const payloads = await scanPayloads(run.payloads, bytes, context);
    for (const inner of payloads) include(inner);
    if (streams === 0) isIdle = breaksIdle(run) && payloads.every(({ verdict }) => verdict === 'CLEAN');
    attributions.push({ startByte: at, endByte: run.endByte, what: 'pickle' });
    at = run.endByte;
    streams += 1;
    isOver = run.outcome === 'broken';
  }
  const { inventory, isWhole } = mergeInventories(inventories);
  if (!isWhole) verdicts.push('NOT_SCANNED');
  return { format: 'pickle', verdict: worstOf(verdicts), findings, attributions, inventory, isNothing: isIdle };
}

/**
 * Whether every reader stops before it has done anything. A limit of ours is no such stop. A module with NUL in its name is none that
 * Python imports: it stops there, whatever stands behind.
 */
function breaksIdle(run: PickleRun): boolean {
  const [first] = run.imports;
  if (run.persistentIds.length > 0) return false;
  if (first !== undefined) return first.module.includes('\0');
  return isNothing(run) && !run.findings.some(({ rule }) => rule === 'LIMIT-HIT');
}

function isNothing({ outcome, imports, calls }: PickleRun): boolean {
  return outcome === 'broken' && imports.length === 0 && calls.length === 0;
}

/** What is behind the last pickle and none itself: perhaps an archive, which other programs find from its end. */
async function scanTrailing(
  bytes: ByteSource,
  startByte: number,
  context: ScanContext,
): Promise<Pick<FormatScan, 'verdict' | 'findings' | 'inventory'>> {
  const lengthBytes = bytes.sizeBytes - startByte;
  const evidence = `${lengthBytes} bytes behind the last pickle`;
  const told = { ...finding('PKL-TRAILING', evidence, context.members, startByte), lengthBytes };
  const inner = await context.scanInside(sliceOf(bytes, startByte, lengthBytes), `behind@${startByte}`);
  return {
    verdict: worstOf(['REVIEW', inner.verdict]),
    findings: [told, ...inner.findings],
    inventory: inner.inventory,
  };
}
