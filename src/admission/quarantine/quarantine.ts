import type { Store } from '../../store/index.js';
import type { Decision } from '../port.js';
import { quarantineName, readQuarantined, type Quarantined, type QuarantineReason } from './quarantined.js';

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

/** Changes under way, by the root of their store. */
const settling = new Map<string, Promise<unknown>>();

interface Listing {
  readonly version: string | undefined;
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

  /** Keeps what was decided of files: those that are refused enter, those that are admitted leave. One after another for all of a store in this process: entries are read, changed and written. @throws SluiceError */
  settle(files: readonly JudgedContent[], about: { readonly ref: string; readonly commit: string }): Promise<void> {
    const before = settling.get(this.#store.root) ?? Promise.resolve();
    const settled = before.then(() => this.#settle(files, about));
    const over = settled.catch(() => undefined);
    settling.set(this.#store.root, over);
    void over.then(() => {
      if (settling.get(this.#store.root) === over) settling.delete(this.#store.root);
    });
    return settled;
  }

  async #settle(
    files: readonly JudgedContent[],
    about: { readonly ref: string; readonly commit: string },
  ): Promise<void> {
    this.#lookedAtMs = -Infinity;
    const entries = new Map((await this.#current()).bySha256);
    for (const { path, sha256, decision } of files) {
      if (sha256 === undefined) continue;
      const name = quarantineName(path);
      const before = entries.get(sha256);
      const others = (before?.reasons ?? []).filter((reason) => reason.name !== name && reason.name !== '');
      if (decision.verdict === 'refused') {
        const known = before?.reasons.find((reason) => reason.name === name);
        if (known?.policyDigest === decision.policyDigest) continue;
        const reason = reasonOf(decision, { ...about, path, name });
        const { gitSha1 } = (await this.#store.blobProof(sha256))?.digests ?? {};
        const digests = { sha256, ...(gitSha1 === undefined ? {} : { gitSha1 }) };
        const entry = { sha256, digests, reasons: [reason, ...others].slice(0, MOST_NAMES) };
        await this.#write(entry);
        entries.set(sha256, entry);
      } else if (before !== undefined && others.length < before.reasons.length) {
        if (others.length === 0) {
          await this.#store.documents.remove(COLLECTION, sha256);
          entries.delete(sha256);
        } else {
          const entry = { ...before, reasons: others };
          await this.#write(entry);
          entries.set(sha256, entry);
        }
        this.#lookedAtMs = -Infinity;
      }
    }
  }

  async #write(entry: Quarantined): Promise<void> {
    await this.#store.documents.write(COLLECTION, entry.sha256, entry);
    this.#lookedAtMs = -Infinity;
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
    const found = (await documents.list(COLLECTION)).flatMap((read) => readQuarantined(read) ?? []);
    const git = found.flatMap((each) =>
      each.digests.gitSha1 === undefined ? [] : [[each.digests.gitSha1, each] as const],
    );
    return { version, bySha256: new Map(found.map((each) => [each.sha256, each])), byGitSha1: new Map(git) };
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
