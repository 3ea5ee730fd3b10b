import type { Content } from '../hubs/index.js';
import {
  appliesTo,
  decideFile,
  decideRevision,
  decideSignature,
  decideWhole,
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

/** A look at a file on its way in: good until bytes of it turn out wrong. */
interface Look {
  readonly file: Promise<FileEvidence>;
  readonly wrongAtMs: number | undefined;
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
  readonly #whole = new Map<string, Promise<Decision>>();
  readonly #told = new Set<string>();

  constructor(options: AdmissionGuardOptions) {
    this.#options = options;
    this.#scanner = new Scanner(options.store);
    this.#quarantine = new Quarantine(options.store);
  }

  /** The content, when it may be seen. @throws SluiceError REFUSED, UNDECIDED */
  async pass(asked: Asked, content: Content, revision?: () => WholeRevision, signed?: Signed): Promise<Content> {
    const policy = this.#options.policy();
    if (policy === undefined || !appliesTo(policy.policy, asked.ref)) {
      await this.assertNotRefused(asked);
      return content;
    }
    const decided = this.#decide(policy, asked, content, revision, signed);
    const decision = await this.#inTime(decided, asked.path);
    if (decision.verdict === 'refused') throw this.#refuse(decision, asked);
    return content;
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
    const found = this.#options.isOff?.() === true ? undefined : await this.#quarantine.find(asked);
    if (found !== undefined) throw this.#refuse(quarantineDecision(found), asked);
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
        : await this.#decideRevision(policy, { ...revision(), ...by }, by === UNSIGNED ? '' : asked.path);
    if (whole.verdict === 'refused') return whole;
    if (revision === undefined) {
      const alone = await this.#decideAlone(policy, asked, content);
      if (alone.verdict === 'refused') return alone;
    }
    return decideFile(await this.#evidence(policy, asked, content), asked.ref, deciding);
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
    if (key !== undefined) return this.#decideRevision(unsigned, { ...about, digests: [sha256], facts }, '');
    const nowMs = this.#options.now();
    const known = {
      ...about,
      licence: { declared: undefined, recognised: undefined },
      baseModels: [],
      firstSeenMs: nowMs,
    };
    return Promise.resolve(decideRevision(known, [sha256], { policy: unsigned, allow: [], nowMs }));
  }

  /** Facts of a commit do not change, its age does. `path`: of the file whose signature it is about. */
  #decideRevision(policy: NamedPolicy, revision: WholeRevision, path: string): Promise<Decision> {
    const { store, now } = this.#options;
    const key = `${revision.ref}@${revision.commit} ${policy.digest} ${Math.floor(now() / 60_000)} ${path}`;
    const deciding = this.#whole.get(key) ?? decideWhole(revision, { store, policy, nowMs: now() });
    if (!this.#whole.has(key)) {
      this.#whole.set(key, deciding);
      deciding.catch(() => this.#whole.delete(key));
      forgetOldest(this.#whole);
    }
    return deciding;
  }

  #evidence(policy: NamedPolicy, asked: Asked, content: Content): Promise<FileEvidence> {
    const key = `${asked.key ?? ''} ${asked.path} ${policy.digest}`;
    const isHere = content.path !== undefined || content.bytes !== undefined;
    const state = isHere ? 'here' : 'coming';
    const known = asked.key === undefined ? undefined : this.#looks.get(`${state} ${key}`);
    if (known !== undefined && known.wrongAtMs === content.wrongAtMs) return known.file;
    const file = this.#look(policy, asked, content, isHere);
    if (asked.key === undefined) return file;
    const look = { file, wrongAtMs: content.wrongAtMs };
    this.#looks.set(`${state} ${key}`, look);
    const forget = (): void => {
      if (this.#looks.get(`${state} ${key}`) === look) this.#looks.delete(`${state} ${key}`);
    };
    file.catch(forget);
    forgetOldest(this.#looks);
    return file;
  }

  async #look(policy: NamedPolicy, asked: Asked, content: Content, isHere: boolean): Promise<FileEvidence> {
    const { stop } = this.#options;
    const { path, key, sha256 } = asked;
    const { sizeBytes } = content;
    const open = (): Promise<Opened> =>
      Promise.resolve({
        bytes: sourceOfStreams(sizeBytes, (span, signal) => content.read(span, signal), stop),
        close: () => Promise.resolve(),
      });
    // What is on its way is not proven: it is looked at for those who ask now, and nothing of that is kept.
    const scan =
      isHere && key !== undefined
        ? await this.#scanner.scan(key, path, open, stop)
        : await scanOf((await open()).bytes, path, stop);
    const evidence = { path, sizeBytes, sha256, scan };
    return { ...evidence, hooks: await runHooks(policy.policy.hooks, evidence, [], open, stop) };
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
