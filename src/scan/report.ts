import { worstOf } from './aggregate.js';
import { mergeInventories } from './inventory.js';
import type { Attribution, Finding, FormatScan, Inventory, ScanContext, Severity, Verdict } from './port.js';
import { finding, type RuleId } from './rules.js';

interface Details {
  /** What the reader itself makes of it, beside what the severity says. CLEAN when nothing is said. */
  readonly verdict?: Verdict;
  /** The rule's, when nothing is said. */
  readonly severity?: Severity;
  readonly offsetBytes?: number;
  /** Of a member of these bytes, rather than of the bytes themselves. */
  readonly member?: string;
}

/** Collects what a reader finds while it goes through one file or member. */
export class ScanReport {
  private readonly found: Finding[] = [];
  private readonly claimed: Attribution[] = [];
  private readonly inventories: Inventory[] = [];
  private worst: Verdict = 'CLEAN';

  constructor(private readonly context: ScanContext) {}

  get verdict(): Verdict {
    return this.worst;
  }

  find(rule: RuleId, evidence: string, { verdict = 'CLEAN', severity, offsetBytes, member }: Details = {}): void {
    const members = member === undefined ? this.context.members : [...this.context.members, member];
    this.found.push(finding(rule, evidence, members, offsetBytes, severity));
    this.atLeast(verdict);
  }

  /** Says whose the bytes are. Neighbours of the same kind become one. */
  claim(startByte: number, endByte: number, what: string): void {
    if (startByte === endByte) return;
    const last = this.claimed.at(-1);
    if (last?.what === what && last.endByte === startByte)
      this.claimed[this.claimed.length - 1] = { startByte: last.startByte, endByte, what };
    else this.claimed.push({ startByte, endByte, what });
  }

  atLeast(verdict: Verdict): void {
    this.worst = worstOf([this.worst, verdict]);
  }

  /** Takes over what was found inside. Whose the bytes are is not: those are places in the member. */
  include(inner: Pick<FormatScan, 'verdict' | 'findings' | 'inventory'>): void {
    this.found.push(...inner.findings);
    this.inventories.push(inner.inventory);
    this.atLeast(inner.verdict);
  }

  note(inventory: Partial<Inventory>): void {
    this.inventories.push({ imports: [], calls: [], templates: [], hooks: [], ...inventory });
  }

  result(format: string): FormatScan {
    const { inventory, isWhole } = mergeInventories(this.inventories);
    if (!isWhole) this.atLeast('NOT_SCANNED');
    return { format, verdict: this.worst, findings: this.found, attributions: this.claimed, inventory };
  }
}
