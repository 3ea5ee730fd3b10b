import { verdictOfFindings, worstOf } from './aggregate.js';
import { expectedFormats } from './file-names.js';
import { FormatFault } from './format-fault.js';
import { FORMATS } from './formats.js';
import { GuardedSource } from './guarded-source.js';
import { mergeInventories, NO_INVENTORY } from './inventory.js';
import { coverageOf, type Coverage } from './ledger.js';
import { MOST_DEPTH, MOST_FINDINGS, MOST_MEMBERS, START_BYTES } from './limits.js';
import type { ByteSource, Finding, Format, FormatScan, Inventory, ScanContext, Verdict } from './port.js';
import { finding } from './rules.js';
import { RULES_DIGEST } from './rules-digest.js';

/** A scanner beside the formats, over the whole file as it is: ClamAV. */
export interface Antivirus {
  /** Rejects for nothing but the bytes and the signal: what it cannot say is a verdict too. */
  scan(bytes: ByteSource, signal?: AbortSignal): Promise<FormatScan>;
}

export interface ScanOptions {
  readonly signal?: AbortSignal;
  readonly antivirus?: Antivirus;
  /** Checksums of tensors too, for which every byte of a checkpoint is read; otherwise they are proven by the digest of the file alone. */
  readonly areAllChecksumsWanted?: boolean;
  /** All that there are, when nothing is said. */
  readonly formats?: readonly Format[];
}

/** What was found of one member, the file itself not included. */
export interface MemberScan {
  readonly members: readonly string[];
  readonly formats: readonly string[];
  readonly verdict: Verdict;
  readonly coverage: Coverage;
}

export interface FileScan {
  readonly name: string;
  /** Every format as which the bytes were read; [] for bytes that nobody knows. */
  readonly formats: readonly string[];
  readonly verdict: Verdict;
  /** Of the file and of all members, the worst first. */
  readonly findings: readonly Finding[];
  readonly coverage: Coverage;
  readonly inventory: Inventory;
  readonly members: readonly MemberScan[];
  /** Verdicts are kept by the digest of the bytes and this. */
  readonly rulesDigest: string;
}

interface Shared {
  readonly signal: AbortSignal | undefined;
  readonly areAllChecksumsWanted: boolean;
  readonly formats: readonly Format[];
  readonly members: MemberScan[];
  memberCount: number;
}

interface Judged extends FormatScan {
  readonly formats: readonly string[];
  readonly coverage: Coverage;
}

const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;
/** Read beside any format: they say nothing about what a file is. */
const COMPANIONS: ReadonlySet<string> = new Set(['text', 'json', 'yaml', 'xml', 'code', 'jinja']);

/**
 * Reads one file as every format that claims it by its bytes or its name, and everything inside. Runs none of it.
 * @param name the path in its repository, with `/`.
 * Rejects with the signal's reason, or when the bytes cannot be had; never for what the bytes are.
 */
export async function scanFile(bytes: ByteSource, name: string, options: ScanOptions = {}): Promise<FileScan> {
  const { signal, antivirus, formats = FORMATS, areAllChecksumsWanted = false } = options;
  const shared: Shared = { signal, areAllChecksumsWanted, formats, members: [], memberCount: 0 };
  const judged = await judge(bytes, { name, members: [], depth: 0 }, shared);
  const outside = antivirus === undefined ? undefined : await antivirus.scan(bytes, signal);
  const findings = [...judged.findings, ...(outside?.findings ?? [])];
  const verdict = worstOf([judged.verdict, outside?.verdict ?? 'CLEAN', verdictOfFindings(findings)]);
  return {
    name,
    formats: judged.formats,
    verdict,
    findings: worstFirst(findings).slice(0, MOST_FINDINGS),
    coverage: judged.coverage,
    inventory: judged.inventory,
    members: shared.members,
    rulesDigest: RULES_DIGEST,
  };
}

type Place = Pick<ScanContext, 'name' | 'members' | 'depth'>;

async function judge(bytes: ByteSource, place: Place, shared: Shared): Promise<Judged> {
  const { name, members } = place;
  const guarded = new GuardedSource(bytes, shared.signal);
  const start = await guarded.read(0, Math.min(START_BYTES, bytes.sizeBytes));
  const readings: Reading[] = [];
  for (const choice of readersOf(start, name, bytes.sizeBytes, shared.formats)) {
    readings.push({ ...choice, scan: await readAs(choice.reader, guarded, place, shared) });
    guarded.rethrow();
  }
  const meant = withoutChance(readings, name, bytes.sizeBytes);
  const scans = meant.map(({ scan }) => scan);
  const mismatch = mismatchOf(meant, name, bytes.sizeBytes);
  const coverage = coverageOf(
    bytes.sizeBytes,
    scans.flatMap(({ attributions }) => attributions),
  );
  const { inventory, isWhole } = mergeInventories(scans.map((scan) => scan.inventory));
  const findings = scans.flatMap((scan) => scan.findings);
  if (mismatch !== undefined) findings.push(finding('TYPE-MISMATCH', mismatch, members));
  const verdicts: Verdict[] = scans.map(({ verdict }) => verdict);
  const [first] = coverage.unattributed;
  if (first !== undefined) {
    const missing = coverage.sizeBytes - coverage.attributedBytes;
    const evidence = `${missing} of ${coverage.sizeBytes} bytes belong to nothing that is known, first at ${first.startByte}`;
    const lengthBytes = first.endByte - first.startByte;
    findings.push({ ...finding('COV-UNATTRIBUTED', evidence, members, first.startByte), lengthBytes });
    verdicts.push('NOT_SCANNED');
  }
  if (!isWhole) {
    findings.push(finding('LIMIT-HIT', 'more imports, calls, programs or hooks than are kept', members));
    verdicts.push('NOT_SCANNED');
  }
  const verdict = worstOf([...verdicts, verdictOfFindings(findings)]);
  const kept = worstFirst(findings).slice(0, MOST_FINDINGS);
  const formats = [...new Set(scans.map(({ format }) => format))];
  const attributions = scans.flatMap((scan) => scan.attributions);
  return { format: formats.join('+'), formats, verdict, findings: kept, attributions, inventory, coverage };
}

interface Choice {
  readonly reader: Format;
  /** By its bytes; otherwise the name promises it. */
  readonly isClaimed: boolean;
}

interface Reading extends Choice {
  readonly scan: FormatScan;
}

/** All that claim the bytes, and the one that the name promises. */
function readersOf(start: Buffer, name: string, sizeBytes: number, formats: readonly Format[]): readonly Choice[] {
  const claiming = formats.filter((format) => isClaimed(format, start, name, sizeBytes));
  const choices = claiming.map((reader) => ({ reader, isClaimed: true }));
  const expected = expectedFormats(name);
  const promised = formats.find(({ format }) => format === expected[0]);
  const isHere = sizeBytes === 0 || claiming.some(({ format }) => expected.includes(format));
  return isHere || promised === undefined ? choices : [...choices, { reader: promised, isClaimed: false }];
}

/** Without what the first bytes of a file, a length or a letter, stand for by chance: nothing happens by them, and another format takes the file to its last byte. */
function withoutChance(readings: readonly Reading[], name: string, sizeBytes: number): readonly Reading[] {
  const isWhole = readings.some(
    ({ scan }) => scan.isNothing !== true && coverageOf(sizeBytes, scan.attributions).attributedBytes === sizeBytes,
  );
  if (!isWhole) return readings;
  const expected = expectedFormats(name);
  return readings.filter(({ reader, scan }) => scan.isNothing !== true || expected.includes(reader.format));
}

function mismatchOf(readings: readonly Reading[], name: string, sizeBytes: number): string | undefined {
  const expected = expectedFormats(name);
  if (expected.length === 0 || sizeBytes === 0) return undefined;
  const found = readings.flatMap(({ reader: { format }, isClaimed: isHere }) => (isHere ? [format] : []));
  const isExpectedHere = found.some((format) => expected.includes(format));
  const others = found.filter((format) => !expected.includes(format) && !(isExpectedHere && COMPANIONS.has(format)));
  if (isExpectedHere && others.length === 0) return undefined;
  return `named as ${expected.join(' or ')}, with bytes of ${others.join(' and ') || 'something else'}`;
}

/** A format that stumbles over the first bytes is asked about all of them, and says ERROR there. */
function isClaimed(format: Format, start: Buffer, name: string, sizeBytes: number): boolean {
  try {
    return format.claims(start, name, sizeBytes);
  } catch {
    return true;
  }
}

async function readAs(format: Format, bytes: GuardedSource, place: Place, shared: Shared): Promise<FormatScan> {
  const { members } = place;
  const context: ScanContext = {
    ...place,
    ...(shared.signal && { signal: shared.signal }),
    areAllChecksumsWanted: shared.areAllChecksumsWanted,
    scanInside: (inner, name) =>
      judgeInside(inner, { name, members: [...members, name], depth: place.depth + 1 }, shared),
  };
  try {
    const scan = await format.scan(bytes, context);
    coverageOf(bytes.sizeBytes, scan.attributions);
    return scan;
  } catch (thrown) {
    bytes.rethrow();
    const rule = thrown instanceof FormatFault ? thrown.rule : 'FORMAT-FAULT';
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const findings = [finding(rule, `not ${format.format}: ${reason}`, members)];
    return { format: format.format, verdict: 'ERROR', findings, attributions: [], inventory: NO_INVENTORY };
  }
}

async function judgeInside(bytes: ByteSource, place: Place, shared: Shared): Promise<FormatScan> {
  shared.memberCount += 1;
  const { members, depth } = place;
  const limit =
    depth > MOST_DEPTH
      ? `more than ${MOST_DEPTH} containers around it`
      : shared.memberCount > MOST_MEMBERS
        ? `more than ${MOST_MEMBERS} members`
        : undefined;
  if (limit !== undefined) {
    const findings = [finding('LIMIT-HIT', limit, members)];
    return { format: '', verdict: 'NOT_SCANNED', findings, attributions: [], inventory: NO_INVENTORY };
  }
  const { formats, coverage, ...scan } = await judge(bytes, place, shared);
  shared.members.push({ members, formats, verdict: scan.verdict, coverage });
  return scan;
}

function worstFirst(findings: readonly Finding[]): Finding[] {
  const rank = ({ severity }: Finding): number => SEVERITIES.indexOf(severity);
  return [...findings].sort((one, other) => rank(one) - rank(other));
}
