import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Opened } from '../../scan/index.js';
import type { Hook } from '../policy/policy.js';
import type { FileEvidence, HookResult } from '../port.js';
import { boundModule } from './bound-module.js';
import { runModule } from './run-module.js';

type Unhooked = Omit<FileEvidence, 'hooks'>;

const MOST_REASONS = 20;
const MOST_REASON_CHARACTERS = 300;

/** What the user's modules say of a file. Whatever keeps one from saying anything is an error, which refuses. Results of `known` are taken over where the module is the same. @throws the signal's reason */
export async function runHooks(
  hooks: readonly Hook[],
  file: Unhooked,
  known: readonly HookResult[],
  open: () => Promise<Opened>,
  signal: AbortSignal,
): Promise<readonly HookResult[]> {
  const results: HookResult[] = [];
  for (const hook of hooks) {
    const kept = known.find(({ hook: name, moduleSha256 }) => name === hook.name && moduleSha256 === hook.sha256);
    // What time or a limit ended may come to its end this time.
    const isGood = kept?.isRepeatable === true && kept.verdict !== 'error';
    results.push(isGood ? kept : await runHook(hook, file, open, signal));
  }
  return results;
}

/** What modules said when they saw a file; one that never did, or that failed, has said nothing that lets it pass. */
export function heard(hooks: readonly Hook[], known: readonly HookResult[]): readonly HookResult[] {
  return hooks.map(({ name, sha256 }): HookResult => {
    const kept = known.find(({ hook, moduleSha256 }) => hook === name && moduleSha256 === sha256);
    const reasons = ['it has not seen this file'];
    return kept ?? { hook: name, moduleSha256: sha256, verdict: 'error', reasons, isRepeatable: false };
  });
}

async function runHook(
  hook: Hook,
  file: Unhooked,
  open: () => Promise<Opened>,
  signal: AbortSignal,
): Promise<HookResult> {
  const told = { hook: hook.name, moduleSha256: hook.sha256 };
  const error = (reason: string, isRepeatable: boolean): HookResult => ({
    ...told,
    verdict: 'error',
    reasons: [reason],
    isRepeatable,
  });
  let module: Uint8Array;
  try {
    const bytes = await readFile(hook.module);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== hook.sha256) return error(`the module is another one: ${sha256}`, false);
    module = boundModule(bytes, hook.memoryPages);
  } catch (thrown) {
    return error(thrown instanceof Error ? thrown.message : String(thrown), false);
  }
  const { bytes, close } = await open();
  try {
    const { end, ...outcome } = await runModule(module, inputOf(file), bytes, hook, signal);
    // Whoever calls it off has asked for no decision.
    signal.throwIfAborted();
    if ('reason' in outcome) return error(outcome.reason, end === 'fault');
    const result = parseResult(outcome.json);
    return result === undefined
      ? error('its result is not understood', true)
      : { ...told, ...result, isRepeatable: true };
  } finally {
    await close();
  }
}

/** The same for the same file, wherever and whenever: no times, no names of this machine. */
function inputOf({ path, sizeBytes, sha256, scan }: Unhooked): string {
  const { verdict, formats, findings, inventory } = scan;
  return JSON.stringify({
    abi: 'sluice-verify/1',
    files: [{ path, size: sizeBytes ?? null, sha256: sha256 ?? null, formats }],
    scan: { verdict, findings, inventory },
  });
}

/** `{verdict: "pass" | "fail" | "review", reasons: […]}`; anything else is no result. */
export function parseResult(json: string): Pick<HookResult, 'verdict' | 'reasons'> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { verdict, reasons = [] } = value as { verdict?: unknown; reasons?: unknown };
  if (verdict !== 'pass' && verdict !== 'fail' && verdict !== 'review') return undefined;
  if (!Array.isArray(reasons) || !reasons.every((each) => typeof each === 'string')) return undefined;
  return {
    verdict,
    reasons: reasons.slice(0, MOST_REASONS).map((each) => each.slice(0, MOST_REASON_CHARACTERS)),
  };
}
