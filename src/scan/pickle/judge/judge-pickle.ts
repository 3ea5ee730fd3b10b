import { verdictOfFindings, worstOf } from '../../aggregate.js';
import type { Finding, Inventory, Verdict } from '../../port.js';
import { finding } from '../../rules.js';
import type { PickleCall, PickleImport, PickleRun, PickleValue } from '../port.js';
import { nameOf, quoted } from '../values.js';
import { labelOf } from './label-of.js';
import type { PickleProfile } from './profile.js';
import { globalName } from './shapes.js';

export interface PickleJudgement {
  readonly verdict: Verdict;
  /** The profile that all of it fits. */
  readonly profile?: PickleProfile['name'];
  /** Those of the run included. */
  readonly findings: readonly Finding[];
  readonly inventory: Inventory;
}

/** Of a kind, the first are told; the rest would say the same. */
const MOST_OF_A_KIND = 100;

/**
 * Judges what a stream would do by what its readers may do. It is clean where all of it fits one of the profiles; what is known to be dangerous is
 * told by name; what is merely unknown is for a person to decide. Streams that readers take differently, or not at all, are an error whatever they import.
 */
export function judgePickle(
  run: PickleRun,
  profiles: readonly PickleProfile[],
  members: readonly string[],
): PickleJudgement {
  const denied = deniedImports(run.imports, members);
  const attempts = profiles.map((profile) => ({ profile, misfits: misfitsOf(run, profile, members) }));
  const [best] = [...attempts].sort((one, other) => one.misfits.length - other.misfits.length);
  const misfits = (best?.misfits ?? []).filter(
    ({ rule, evidence }) => rule !== 'PKL-IMPORT-UNKNOWN' || !denied.has(evidence),
  );
  const findings = [...run.findings, ...denied.values(), ...misfits];
  const isFit = best?.misfits.length === 0;
  const verdicts: Verdict[] = [verdictOfFindings(findings), isFit ? 'CLEAN' : 'REVIEW'];
  if (run.outcome !== 'ok') verdicts.push('ERROR');
  else if (findings.some(({ rule }) => rule === 'LIMIT-HIT')) verdicts.push('NOT_SCANNED');
  return {
    verdict: worstOf(verdicts),
    ...(isFit && { profile: best.profile.name }),
    findings,
    inventory: inventoryOf(run),
  };
}

/** By the name as it is written. */
function deniedImports(imports: readonly PickleImport[], members: readonly string[]): ReadonlyMap<string, Finding> {
  const found = new Map<string, Finding>();
  for (const { module, name, offsetBytes } of imports) {
    const written = quoted(`${module}.${name}`);
    if (found.has(written) || found.size >= MOST_OF_A_KIND) continue;
    const label = labelOf(module, name);
    if (label === undefined) continue;
    const evidence = `${written}: ${label.reason}`;
    found.set(written, finding('PKL-IMPORT-DENY', evidence, members, offsetBytes, label.severity));
  }
  return found;
}

/** What does not fit the profile, each once. */
function misfitsOf(run: PickleRun, profile: PickleProfile, members: readonly string[]): Finding[] {
  const found = new Map<string, Finding>();
  const misfit = (
    rule: 'PKL-IMPORT-UNKNOWN' | 'PKL-CALL' | 'PKL-OPCODE',
    evidence: string,
    offsetBytes: number,
  ): void => {
    const key = `${rule} ${evidence}`;
    if (found.size < MOST_OF_A_KIND && !found.has(key)) found.set(key, finding(rule, evidence, members, offsetBytes));
  };
  for (const { module, name, mapped, offsetBytes } of run.imports) {
    if (!mayImport(profile, mapped ?? { module, name }))
      misfit('PKL-IMPORT-UNKNOWN', quoted(`${module}.${name}`), offsetBytes);
  }
  for (const call of run.calls) {
    const reason = wrongCall(profile, call);
    if (reason !== undefined) misfit('PKL-CALL', reason, call.offsetBytes);
  }
  for (const id of run.persistentIds) {
    const reason = profile.persistentId === undefined ? 'nothing knows it' : profile.persistentId([id]);
    if (reason !== undefined) misfit('PKL-CALL', `a persistent id: ${reason}`, run.startByte);
  }
  const strange = [...run.opcodes].filter((opcode) => profile.opcodes?.has(opcode) === false);
  if (strange.length > 0) {
    const shown = strange.map((opcode) => `0x${opcode.toString(16)}`).join(' ');
    misfit('PKL-OPCODE', `opcodes ${shown}`, run.startByte);
  }
  return [...found.values()];
}

/** Names with a path in them pass nowhere: no library writes them for what is in a profile. */
function mayImport(
  profile: PickleProfile,
  { module, name }: { readonly module: string; readonly name: string },
): boolean {
  if (name.includes('.')) return false;
  const full = `${module}.${name}`;
  return profile.callable.has(full) || profile.values.has(full) || profile.valuePattern?.test(full) === true;
}

function wrongCall(profile: PickleProfile, { target, method, args, result }: PickleCall): string | undefined {
  if (method !== undefined) return wrongMethod(profile, target, method, args);
  // The import was told already.
  if (target.kind === 'global' && !mayImport(profile, target)) return undefined;
  const rule = target.kind === 'global' ? profile.callable.get(globalName(target)) : undefined;
  if (rule === undefined) return `a call of ${nameOf(target)}`;
  const kwargs = result?.kind === 'object' ? result.kwargs : undefined;
  if (kwargs !== undefined && !(kwargs.kind === 'dict' && kwargs.entries.length === 0))
    return `named arguments for ${nameOf(target)}`;
  const reason = rule(args);
  return reason === undefined ? undefined : `${nameOf(target)}: ${reason}`;
}

function wrongMethod(
  profile: PickleProfile,
  target: PickleValue,
  method: string,
  args: readonly PickleValue[],
): string | undefined {
  const callee = target.kind === 'object' ? globalName(target.callee) : '';
  const told = `${method} of ${nameOf(target)}`;
  if (method === '__setitem__') return profile.fillable.has(callee) ? undefined : told;
  const rule = method === '__setstate__' ? profile.buildable.get(callee) : undefined;
  if (rule === undefined) return told;
  const reason = rule(args);
  return reason === undefined ? undefined : `${told}: ${reason}`;
}

function inventoryOf({ imports, calls }: PickleRun): Inventory {
  const imported = new Set<string>();
  for (const { module, name, mapped } of imports) {
    imported.add(`${module}.${name}`);
    if (mapped !== undefined) imported.add(`${mapped.module}.${mapped.name}`);
  }
  const called = new Set<string>();
  for (const { target, method } of calls) {
    if (target.kind === 'global')
      called.add(method === undefined ? globalName(target) : `${globalName(target)}.${method}`);
    if (target.kind === 'object' && target.callee.kind === 'global' && method !== undefined) {
      called.add(`${globalName(target.callee)}().${method}`);
    }
  }
  return { imports: [...imported].sort(), calls: [...called].sort(), templates: [], hooks: [] };
}
