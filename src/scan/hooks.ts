import { CONFIG_HOOKS } from './config/hook-rules.js';
import { COREML_HOOKS } from './coreml/hook-rules.js';
import { KERAS_HOOKS } from './keras/hook-rules.js';
import { ONNX_HOOKS } from './onnx/hook-rules.js';
import type { Finding, Inventory, Severity } from './port.js';
import { finding, type RuleId } from './rules.js';
import { SKOPS_HOOKS } from './skops/hook-rules.js';
import { TENSORFLOW_HOOKS } from './tensorflow/hook-rules.js';
import { TFLITE_HOOKS } from './tflite/hook-rules.js';
import { XML_HOOKS } from './xml/hook-rules.js';

/** What a hook's value alone says; undefined: harmless. `severity` where it is not the rule's own. */
export type HookJudge = (
  value: string,
) => { readonly rule: RuleId; readonly reason: string; readonly severity?: Severity } | undefined;

/** By the name of a hook, or what stands before the first dot of it. */
const JUDGES: Readonly<Record<string, HookJudge | undefined>> = {
  ...CONFIG_HOOKS,
  ...COREML_HOOKS,
  ...KERAS_HOOKS,
  ...ONNX_HOOKS,
  ...SKOPS_HOOKS,
  ...TENSORFLOW_HOOKS,
  ...TFLITE_HOOKS,
  ...XML_HOOKS,
};

/** Collects the hooks of one file: what is kept in the inventory is exactly what the rules judge, now and later. */
export class HookBook {
  private readonly seen = new Set<string>();
  readonly findings: Finding[] = [];

  constructor(private readonly members: readonly string[]) {}

  get hooks(): readonly string[] {
    return [...this.seen].sort();
  }

  /** `kind` as `tf.op`, `value` as `ReadFile`. The first of the same kind and value counts. */
  add(kind: string, value: string, offsetBytes?: number): void {
    const hook = `${kind}=${value.slice(0, MOST_VALUE)}`;
    if (this.seen.has(hook)) return;
    this.seen.add(hook);
    const found = judgeHook(hook, this.members, offsetBytes);
    if (found !== undefined) this.findings.push(found);
  }
}

const MOST_VALUE = 1024;

/** What today's rules say of the hooks of an inventory. */
export function judgeHooks({ hooks }: Inventory): readonly Finding[] {
  return hooks.flatMap((hook) => judgeHook(hook, []) ?? []);
}

function judgeHook(hook: string, members: readonly string[], offsetBytes?: number): Finding | undefined {
  const [kind = ''] = hook.split('=', 1);
  const [family = ''] = kind.split('.', 1);
  const judge = Object.hasOwn(JUDGES, kind) ? JUDGES[kind] : Object.hasOwn(JUDGES, family) ? JUDGES[family] : undefined;
  const found = judge?.(hook.slice(kind.length + 1));
  return found && finding(found.rule, `${hook}: ${found.reason}`, members, offsetBytes, found.severity);
}
