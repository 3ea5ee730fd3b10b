import { toSluiceError } from '../../base/index.js';
import type { Store } from '../../store/index.js';
import type { Decision } from '../port.js';
import {
  joinQuarantined,
  quarantineName,
  readQuarantined,
  recordName,
  type Quarantined,
  type QuarantineReason,
  type QuarantineRecord,
} from './quarantined.js';

const COLLECTION = 'quarantine';
const MOST_NAMES = 32;
/** Those who ask within this time are told the same: so late may a refusal of another process be noticed. */
const LOOK_EVERY_MS = 100;

/** What a content is known by. */
type Named = Readonly<Partial<Record<'sha256' | 'gitSha1', string | undefined>>>;

/** A file that was judged, wherever it is wanted. */
export interface JudgedContent {
  readonly path: string;
  readonly sha256: string | undefined;
  readonly decision: Decision;
}

interface Listing {
  readonly version: string | undefined;
  /** Each as it is kept. */
  readonly records: readonly QuarantineRecord[];
  readonly bySha256: ReadonlyMap<string, Quarantined>;
  readonly byGitSha1: ReadonlyMap<string, Quarantined>;
}

/**
 * What of this store was refused, by digest: whoever shows contents of the store without a policy of its own asks here first. A content enters when it is refused under some name, and leaves
 * when it is admitted under every name that it was refused under. Costs one look at a folder now and then while nothing changes.
 */
export class Quarantine {
  readonly #store: Store;
  readonly #now: () => number;
  #listing: Promise<Listing> | undefined;
  #lookedAtMs = -Infinity;

  /** `now`: monotonic milliseconds. */
  constructor(store: Store, now = () => performance.now()) {
    this.#store = store;
    this.#now = now;
  }

  /** Whether a content was refused here. @throws SluiceError when that cannot be read */
  async find({ sha256, gitSha1 }: Named): Promise<Quarantined | undefined> {
    const { bySha256, byGitSha1 } = await this.#current();
    return bySha256.get(sha256 ?? '') ?? byGitSha1.get(gitSha1 ?? '');
  }

  /**
   * Keeps what was decided of files: those that are refused enter, those that are admitted leave. Each name of a content has a record of its own, so that nobody's change undoes another's, of whatever process.
   * What cannot be kept as refused is taken out of the store. @throws SluiceError when something could not be kept
   */
  async settle(
    files: readonly JudgedContent[],
    about: { readonly ref: string; readonly commit: string },
  ): Promise<void> {
    const failures: unknown[] = [];
    const note = (thrown: unknown): void => void failures.push(thrown);
    const changed = files.flatMap(({ path, sha256, decision }) =>
      sha256 === undefined ? [] : [{ path, sha256, decision, name: quarantineName(path) }],
    );
    const refused = changed.filter(({ decision }) => decision.verdict === 'refused');
    const isRefused = new Set(refused.map(({ sha256, name }) => `${sha256} ${name}`));
    let before: Listing['bySha256'] | undefined;
    try {
      const { records, bySha256 } = await this.#listed(new Set(changed.map(({ sha256 }) => sha256)));
      before = bySha256;
      for (const { sha256, name } of changed)
        if (records.has(sha256) && !isRefused.has(`${sha256} ${name}`))
          await this.#leave(records.get(sha256) ?? [], name);
    } catch (thrown) {
      // Whoever was to leave stays.
      note(thrown);
    }
    const entered = new Map<string, number>();
    for (const file of refused) {
      try {
        await this.#enter(file, about, before?.get(file.sha256)?.reasons ?? [], entered);
      } catch (thrown) {
        note(thrown);
        await this.#store.removeBlob(file.sha256).catch(note);
      }
    }
    this.#lookedAtMs = -Infinity;
    if (failures.length > 0) throw toSluiceError(failures[0]);
  }

  /** Records of these contents, by content, one name each. */
  async #listed(of: ReadonlySet<string>): Promise<{
    readonly records: ReadonlyMap<string, readonly QuarantineRecord[]>;
    readonly bySha256: Listing['bySha256'];
  }> {
    this.#lookedAtMs = -Infinity;
    const { records, bySha256 } = await this.#current();
    // As they were kept once, all names in one.
    const joined = records.filter(({ entry }) => of.has(entry.sha256) && entry.reasons.length > 1);
    for (const { document, entry } of joined) {
      for (const reason of entry.reasons) await this.#write({ ...entry, reasons: [reason] });
      const isOver = entry.reasons.every(({ name }) => recordName(entry.sha256, name) !== document);
      if (isOver) await this.#store.documents.remove(COLLECTION, document);
    }
    if (joined.length > 0) return this.#listed(of);
    const asked = new Map<string, QuarantineRecord[]>();
    for (const record of records) {
      const { sha256 } = record.entry;
      if (of.has(sha256)) asked.set(sha256, [...(asked.get(sha256) ?? []), record]);
    }
    return { records: asked, bySha256 };
  }

  async #leave(records: readonly QuarantineRecord[], name: string): Promise<void> {
    for (const { document, entry } of records)
      if (entry.reasons.every((reason) => reason.name === name || reason.name === ''))
        await this.#store.documents.remove(COLLECTION, document);
  }

  async #enter(
    { path, sha256, decision, name }: JudgedContent & { readonly sha256: string; readonly name: string },
    about: { readonly ref: string; readonly commit: string },
    before: readonly QuarantineReason[],
    entered: Map<string, number>,
  ): Promise<void> {
    const known = before.find((reason) => reason.name === name);
    if (known?.policyDigest === decision.policyDigest) return;
    const others = entered.get(sha256) ?? 0;
    if (known === undefined && before.length + others >= MOST_NAMES) return;
    entered.set(sha256, others + 1);
    const { gitSha1 } = (await this.#store.blobProof(sha256))?.digests ?? {};
    const digests = { sha256, ...(gitSha1 === undefined ? {} : { gitSha1 }) };
    await this.#write({ sha256, digests, reasons: [reasonOf(decision, { ...about, path, name })] });
  }

  async #write(entry: Quarantined): Promise<void> {
    const [reason] = entry.reasons;
    await this.#store.documents.write(COLLECTION, recordName(entry.sha256, reason?.name ?? ''), entry);
  }

  #current(): Promise<Listing> {
    if (this.#listing !== undefined && this.#now() - this.#lookedAtMs < LOOK_EVERY_MS) return this.#listing;
    this.#lookedAtMs = this.#now();
    const listing = this.#look(this.#listing);
    this.#listing = listing;
    listing.catch(() => {
      if (this.#listing === listing) this.#listing = undefined;
    });
    return listing;
  }

  async #look(last: Promise<Listing> | undefined): Promise<Listing> {
    const { documents } = this.#store;
    // Before the list: what changes meanwhile is seen the next time.
    const version = await documents.versionOf(COLLECTION);
    const known = await last?.catch(() => undefined);
    if (known !== undefined && version !== undefined && known.version === version) return known;
    const records = (await documents.list(COLLECTION)).flatMap((read) => readQuarantined(read) ?? []);
    const bySha256 = new Map<string, Quarantined>();
    const byGitSha1 = new Map<string, Quarantined>();
    for (const { entry } of records) {
      const all = joinQuarantined(bySha256.get(entry.sha256), entry);
      bySha256.set(entry.sha256, all);
      if (all.digests.gitSha1 !== undefined) byGitSha1.set(all.digests.gitSha1, all);
    }
    return { version, records, bySha256, byGitSha1 };
  }
}

function reasonOf(
  { policy, policyDigest, reasons }: Decision,
  about: Pick<QuarantineReason, 'name' | 'path' | 'ref' | 'commit'>,
): QuarantineReason {
  const first = reasons.find(({ verdict }) => verdict === 'refuse');
  const { rule = 'UNDECIDED', value = '', threshold = '' } = first ?? {};
  const told = { rule, value: value.slice(0, 2000), threshold: threshold.slice(0, 2000) };
  return { ...about, policy, policyDigest, ...told, atMs: Date.now() };
}

/** The refusal, as a decision. */
export function quarantineDecision({ reasons }: Quarantined): Decision {
  const [first] = reasons;
  return {
    verdict: 'refused',
    policy: first?.policy ?? '',
    policyDigest: first?.policyDigest ?? '',
    reasons: reasons.map(({ rule, value, threshold, path }) => ({ rule, value, threshold, path, verdict: 'refuse' })),
  };
}
