import type { Content } from '../hubs/index.js';
import {
  appliesTo,
  decideFile,
  decideRevision,
  decideSignature,
  knowWhole,
  Quarantine,
  quarantineDecision,
  refusalOf,
  runHooks,
  Scanner,
  scanOf,
  sourceOfStreams,
  type Decision,
  type FileEvidence,
  type NamedPolicy,
  type SignatureFacts,
  type WholeRevision,
} from '../admission/index.js';
import { SluiceError, toSluiceError, type EventSink } from '../base/index.js';
import type { Opened } from '../scan/index.js';
import type { Store } from '../store/index.js';

export interface AdmissionGuardOptions {
  readonly store: Store;
  /** What is gone by now; undefined: everything passes. */
  readonly policy: () => NamedPolicy | undefined;
  /** Whether somebody said that everything passes, also what was refused in this store. Not unless told. */
  readonly isOff?: (() => boolean) | undefined;
  readonly emit: EventSink;
  readonly stop: AbortSignal;
  readonly now: () => number;
  /** So long a caller waits for a decision; then he is told to come again. */
  readonly patienceMs?: number;
}

type Named = Parameters<Quarantine['find']>[0];

/** A file that somebody asks for. */
export interface Asked {
  /** Without revision. */
  readonly ref: string;
  readonly commit: string;
  readonly path: string;
  /** Names its content, whatever digest that is; undefined where nothing does. */
  readonly key: string | undefined;
  readonly sha256: string | undefined;
  /** By which it may be known before its SHA-256 is. */
  readonly gitSha1?: string | undefined;
}

/** Who signed one file. */
export interface SignedFile extends SignatureFacts {
  readonly digests: readonly (string | undefined)[];
}

/** Asked only where the policy wants a signature. @throws SluiceError BAD_SIGNATURE among others */
export type Signed = (policy: NamedPolicy) => Promise<SignedFile>;

const UNSIGNED: SignedFile = { digests: [], signatures: [] };

/** Clients give up after ten seconds without a first byte. */
const PATIENCE_MS = 8000;
const MOST_LOOKS = 10_000;

/** What a module that failed said is asked for again after that. */
const FAILED_MS = 60_000;

/** What was found, and of which bytes: of those that this transfer had brought before any of them turned out wrong. */
interface Seen extends Pick<Content, 'run' | 'wrongAtMs'> {
  readonly file: FileEvidence;
}

/** A look at a file on its way in, or here. */
interface Look {
  readonly seeing: Promise<Seen>;
  readonly wrongAtMs: number | undefined;
  /** Once it is over. */
  seen?: Seen;
  untilMs: number;
}

/**
 * The gate of a server: asked for every content before a byte of it, or a word about it, goes out. What is here is judged by its proven bytes; what is on its way by what has to be read of
 * it for that, so that a file whose verdict needs all of it waits until it is whole (docs/decisions/0028-gate.md).
 */
export class AdmissionGuard {
  readonly #options: AdmissionGuardOptions;
  readonly #scanner: Scanner;
  readonly #quarantine: Quarantine;
  /** Oldest first. */
  readonly #looks = new Map<string, Look>();
  readonly #whole = new Map<string, ReturnType<typeof knowWhole>>();
  readonly #told = new Set<string>();

  constructor(options: AdmissionGuardOptions) {
    this.#options = options;
    this.#scanner = new Scanner(options.store);
    this.#quarantine = new Quarantine(options.store);
  }

  /** The content, when it may be seen. @throws SluiceError REFUSED, UNDECIDED */
  async pass(asked: Asked, content: Content, revision?: () => WholeRevision, signed?: Signed): Promise<Content> {
    for (;;) {
      const policy = this.#options.policy();
      const refusal = await this.#refusal(policy, asked, content, revision, signed);
      // What was decided by a policy that is none any more counts for nothing.
      if (this.#options.policy()?.digest !== policy?.digest) continue;
      if (refusal !== undefined) throw this.#refuse(refusal, asked);
      return content;
    }
  }

  async #refusal(
    policy: NamedPolicy | undefined,
    asked: Asked,
    content: Content,
    revision: (() => WholeRevision) | undefined,
    signed: Signed | undefined,
  ): Promise<Decision | undefined> {
    // What is here is known by what it is, whatever it is asked for by.
    const named = { ...asked, sha256: content.sha256 ?? asked.sha256 };
    if (policy === undefined || !appliesTo(policy.policy, asked.ref)) return this.#refused(named);
    const decided = this.#decide(policy, named, content, revision, signed);
    const decision = await this.#inTime(decided, asked.path);
    return decision.verdict === 'refused' ? decision : undefined;
  }

  /** Whether who signed it decides about what is under this ref. */
  wantsSignature(ref: string): boolean {
    const policy = this.#options.policy();
    return policy !== undefined && appliesTo(policy.policy, ref) && policy.policy.signature.required;
  }

  /** Of what is judged by its parts, and by nothing of its own but who signed it. @throws SluiceError REFUSED, UNDECIDED */
  async assertSigned(asked: Asked, signed: Signed): Promise<void> {
    const policy = this.#options.policy();
    if (policy === undefined || !this.wantsSignature(asked.ref)) return;
    const decide = async (): Promise<Decision> => {
      const by = await signed(policy);
      return decideSignature(asked.ref, by, by.digests, { policy, allow: [], nowMs: this.#options.now() });
    };
    const decision = await this.#inTime(decide(), asked.path);
    if (decision.verdict === 'refused') throw this.#refuse(decision, asked);
  }

  /** Where no policy of the server's own decides: what a pull into this store was refused is not shown. @throws SluiceError REFUSED */
  async assertNotRefused(asked: Asked): Promise<void> {
    const refusal = await this.#refused(asked);
    if (refusal !== undefined) throw this.#refuse(refusal, asked);
  }

  async #refused(asked: Named): Promise<Decision | undefined> {
    const found = this.#options.isOff?.() === true ? undefined : await this.#quarantine.find(asked);
    return found && quarantineDecision(found);
  }

  /** The same of a word about contents, which nobody misses. */
  async isRefused(digests: Named): Promise<boolean> {
    const isAsked = this.#options.isOff?.() !== true && this.#options.policy() === undefined;
    return isAsked && (await this.#quarantine.find(digests)) !== undefined;
  }

  async #decide(
    policy: NamedPolicy,
    asked: Asked,
    content: Content,
    revision: (() => WholeRevision) | undefined,
    signed: Signed | undefined,
  ): Promise<Decision> {
    const deciding = { policy, allow: [], nowMs: this.#options.now() };
    const by = policy.policy.signature.required ? ((await signed?.(policy)) ?? UNSIGNED) : UNSIGNED;
    const whole =
      revision === undefined
        ? decideSignature(asked.ref, by, by.digests, deciding)
        : await this.#decideRevision(policy, { ...revision(), ...by });
    if (whole.verdict === 'refused') return whole;
    if (revision === undefined) {
      const alone = await this.#decideAlone(policy, asked, content);
      if (alone.verdict === 'refused') return alone;
    }
    const { file, ...seen } = await this.#evidence(policy, asked, content);
    // Of nothing, nothing was read.
    if (content.sizeBytes > 0) content.keepTo?.(seen);
    return decideFile(file, asked.ref, { ...deciding, nowMs: this.#options.now() });
  }

  /**
   * What a policy asks of revisions, asked of a layer or a plain file that is part of none: its licence is not known, and its age counts from when the store first saw this content at this place.
   * What no digest names may be another every time, and so is always new. Who signed it is decided before.
   */
  #decideAlone(named: NamedPolicy, { ref, key, sha256 }: Asked, { sizeBytes }: Content): Promise<Decision> {
    const { policy, digest } = named;
    const unsigned = { ...named, digest, policy: { ...policy, signature: { ...policy.signature, required: false } } };
    const about = { ref, commit: key ?? '', sizeBytes, signatures: [] };
    const facts = { paths: [], read: () => Promise.resolve(undefined) };
    if (key !== undefined) return this.#decideRevision(unsigned, { ...about, digests: [sha256], facts });
    const nowMs = this.#options.now();
    const known = {
      ...about,
      licence: { declared: undefined, recognised: undefined },
      baseModels: [],
      firstSeenMs: nowMs,
    };
    return Promise.resolve(decideRevision(known, [sha256], { policy: unsigned, allow: [], nowMs }));
  }

  /** What is known of a commit does not change, its age and the ends of waivers do. */
  async #decideRevision(policy: NamedPolicy, revision: WholeRevision): Promise<Decision> {
    const { store, now } = this.#options;
    const key = `${revision.ref}@${revision.commit} ${policy.digest}`;
    const knowing = this.#whole.get(key) ?? knowWhole(revision, { store, policy, nowMs: now() });
    if (!this.#whole.has(key)) {
      this.#whole.set(key, knowing);
      knowing.catch(() => this.#whole.delete(key));
      forgetOldest(this.#whole);
    }
    const known = { ...revision, ...(await knowing) };
    return decideRevision(known, revision.digests, { policy, allow: [], nowMs: now() });
  }

  #evidence(policy: NamedPolicy, asked: Asked, content: Content): Promise<Seen> {
    const isHere = content.path !== undefined || content.bytes !== undefined;
    const named = isHere ? (asked.sha256 ?? asked.key) : asked.key;
    if (named === undefined) return this.#look(policy, asked, content, isHere);
    const key = `${isHere ? 'here' : 'coming'} ${named} ${asked.path} ${policy.digest}`;
    const known = this.#looks.get(key);
    if (known !== undefined && this.#isGood(known, content, isHere)) return known.seeing;
    const { wrongAtMs } = content;
    const look: Look = { seeing: this.#look(policy, asked, content, isHere), wrongAtMs, untilMs: Infinity };
    this.#looks.delete(key);
    this.#looks.set(key, look);
    const forget = (): void => {
      if (this.#looks.get(key) === look) this.#looks.delete(key);
    };
    look.seeing.then((seen) => {
      look.seen = seen;
      const isFailed = seen.file.hooks.some(({ verdict }) => verdict === 'error');
      if (isFailed) look.untilMs = this.#options.now() + FAILED_MS;
    }, forget);
    forgetOldest(this.#looks);
    return look.seeing;
  }

  /** Whether what another caller's look finds is true of what this one would be given. */
  #isGood({ seen, wrongAtMs, untilMs }: Look, content: Content, isHere: boolean): boolean {
    if (wrongAtMs !== content.wrongAtMs || this.#options.now() >= untilMs) return false;
    return isHere || seen === undefined || (seen.run !== undefined && seen.run === content.run);
  }

  async #look(policy: NamedPolicy, asked: Asked, content: Content, isHere: boolean): Promise<Seen> {
    const { stop } = this.#options;
    const { path, sha256 } = asked;
    const { sizeBytes, wrongAtMs } = content;
    const runs = new Set<number>();
    const read: Content['read'] = async function* (span, signal) {
      for await (const chunk of content.read(span, signal)) {
        if (content.run !== undefined) runs.add(content.run);
        yield chunk;
      }
    };
    const open = (): Promise<Opened> =>
      Promise.resolve({ bytes: sourceOfStreams(sizeBytes, read, stop), close: () => Promise.resolve() });
    // What is on its way is not proven: it is looked at for those who ask now, and nothing of that is kept.
    const scan =
      isHere && sha256 !== undefined
        ? await this.#scanner.scan(sha256, path, open, stop)
        : await scanOf((await open()).bytes, path, stop);
    const evidence = { path, sizeBytes, sha256, scan };
    const hooks = await runHooks(policy.policy.hooks, evidence, [], open, stop);
    // Of two things, a part each: nobody can say what that is.
    if (runs.size > 1 || content.wrongAtMs !== wrongAtMs) throw new SluiceError('UNDECIDED', { path });
    const [run] = runs;
    return { file: { ...evidence, hooks }, run, wrongAtMs };
  }

  async #inTime(decided: Promise<Decision>, path: string): Promise<Decision> {
    const { patienceMs = PATIENCE_MS } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new SluiceError('UNDECIDED', { path })), patienceMs);
    });
    try {
      return await Promise.race([decided, late]);
    } catch (thrown) {
      // Nobody is told bytes that nobody could look at.
      throw toSluiceError(thrown);
    } finally {
      clearTimeout(timer);
    }
  }

  #refuse(decision: Decision, { ref, commit, path }: Asked): SluiceError {
    const { policy, policyDigest, reasons } = decision;
    const about = `${ref}@${commit} ${path} ${policyDigest}`;
    if (!this.#told.has(about)) {
      this.#told.add(about);
      if (this.#told.size > MOST_LOOKS) this.#told.clear();
      const told = reasons.filter(({ verdict }) => verdict !== 'pass').slice(0, 20);
      this.#options.emit({
        type: 'admission.decided',
        ref,
        commit,
        verdict: 'refused',
        policy,
        policyDigest,
        files: 1,
        reasons: told,
      });
    }
    return refusalOf(decision, ref);
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= MOST_LOOKS) break;
    map.delete(oldest);
  }
}
