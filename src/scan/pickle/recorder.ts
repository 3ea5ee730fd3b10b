import type { Finding, Severity } from '../port.js';
import { finding, type RuleId } from '../rules.js';
import { PickleBreak } from './break.js';
import { LIMITS } from './limits.js';
import type { PickleCall, PickleImport, PicklePayload, PickleValue } from './port.js';

/** What a stream does that is worth knowing, in the order in which it does it. */
export class Recorder {
  readonly imports: PickleImport[] = [];
  readonly calls: PickleCall[] = [];
  readonly payloads: PicklePayload[] = [];
  readonly persistentIds: PickleValue[] = [];
  readonly findings: Finding[] = [];
  readonly rawSpans: { readonly startByte: number; readonly endByte: number }[] = [];
  isBroken = false;
  isNoncanonical = false;
  private readonly counts = new Map<string, number>();

  constructor(private readonly members: readonly string[]) {}

  import(record: PickleImport): void {
    this.imports.push(bounded(this.imports, LIMITS.records, record, 'imports'));
  }

  call(record: PickleCall): void {
    this.calls.push(bounded(this.calls, LIMITS.records, record, 'calls'));
  }

  /** More of them than are looked into are no reason to refuse the stream, but one not to call it clean. */
  payload(record: PicklePayload): void {
    if (this.payloads.length < LIMITS.payloads) this.payloads.push(record);
    else this.finding('LIMIT-HIT', `more than ${LIMITS.payloads} values that look like files`, record.offsetBytes);
  }

  persistentId(id: PickleValue): void {
    this.persistentIds.push(bounded(this.persistentIds, LIMITS.records, id, 'persistent ids'));
  }

  finding(rule: RuleId, evidence: string, offsetBytes: number, severity?: Severity): void {
    if (rule === 'PKL-NONCANONICAL') this.isNoncanonical = true;
    const count = (this.counts.get(rule) ?? 0) + 1;
    this.counts.set(rule, count);
    if (count > LIMITS.findingsOfOneRule) return;
    this.findings.push(finding(rule, evidence, this.members, offsetBytes, severity));
  }
}

function bounded<Value>(list: readonly unknown[], most: number, value: Value, what: string): Value {
  if (list.length >= most) throw new PickleBreak(`more than ${most} ${what}`, 'LIMIT-HIT');
  return value;
}
