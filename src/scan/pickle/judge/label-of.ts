import type { Severity } from '../../port.js';
import { mapOldName } from '../compat-names.js';
import { BUILDING_BLOCKS, EXECUTING_MODULES, EXECUTING_NAMES, PATH_WORDS, REACHING_MODULES } from './labels.js';

/** What is known against a name; undefined says nothing for it. */
export interface Label {
  readonly severity: Severity;
  readonly reason: string;
}

const DUNDER = /^__\w+__$/;

/** `name` may be a path (`Profile.run`), which the reader walks: every step of it is looked at, and every step of the module's; names of Python 2 also as Python 3 has them. */
export function labelOf(module: string, name: string): Label | undefined {
  const now = mapOldName(module, name);
  return labelOfExact(module, name) ?? (now && labelOfExact(now.module, now.name));
}

function labelOfExact(module: string, name: string): Label | undefined {
  if (BUILDING_BLOCKS.has(`${module}.${name}`)) return undefined;
  const path = name.split('.');
  const dunder = path.find((step) => DUNDER.test(step));
  if (dunder !== undefined) return { severity: 'critical', reason: `reaches for ${dunder}` };
  const [, ...within] = module.split('.');
  const word = [...within, ...(path.length > 1 ? path : [])].find((step) => PATH_WORDS.has(step));
  if (word !== undefined) return { severity: 'critical', reason: `goes through ${word}` };
  const prefixes = prefixesOf(module);
  const executing = prefixes.find((prefix) => EXECUTING_MODULES.has(prefix));
  if (executing !== undefined) return { severity: 'critical', reason: `${executing} runs programs or code` };
  if (isNamed(prefixes, module, path[0] ?? ''))
    return { severity: 'critical', reason: 'runs code, or loads what does' };
  const reaching = prefixes.find((prefix) => REACHING_MODULES.has(prefix));
  if (reaching !== undefined) return { severity: 'high', reason: `${reaching} reaches files or the network` };
  return undefined;
}

function isNamed(prefixes: readonly string[], module: string, first: string): boolean {
  const names = (of: string): readonly string[] =>
    Object.hasOwn(EXECUTING_NAMES, of) ? (EXECUTING_NAMES[of] ?? '').split(' ') : [];
  return names(module).includes(first) || prefixes.some((prefix) => names(prefix).includes('*'));
}

/** `a.b.c` → `a`, `a.b`, `a.b.c`. */
function prefixesOf(module: string): string[] {
  const steps = module.split('.');
  return steps.map((_, at) => steps.slice(0, at + 1).join('.'));
}
