import { SluiceError, toSluiceError, type EventSink, type SluiceEvent } from '../../base/index.js';
import {
  appliesTo,
  decideFile,
  judgeRevision,
  readPolicy,
  Quarantine,
  RangeSource,
  refusalOf,
  scanOf,
  Scanner,
  TooFar,
  type Decision,
  type NamedPolicy,
} from '../../admission/index.js';
import { formatRef } from '../../hubs/index.js';
import { openArrived } from '../../scan/index.js';
import type { Store } from '../../store/index.js';
import type { HeldFile } from '../holdings.js';
import type { PullContext, PullRequest, PullSettings } from '../port.js';
import type { Prepared } from '../prepare.js';
import type { OpenWires } from '../wires.js';
import { bareRef } from './bare-ref.js';
import { factsOf } from './facts-of.js';
import { riskyFiles } from './risky-files.js';
import { signaturesOfOpened } from './sealed-evidence.js';
import { responderAnswers } from '../verify/responder-answers.js';
import { readSignatures, type FoundSignature } from '../verify/signed-folder.js';

/** Of a look from afar at one file: headers, a table of contents, the programs in it. Weights are not among that. */
const MOST_LOOKED_BYTES = 48 * 1024 * 1024;
const LOOKS_AT_ONCE = 8;

type Came = Extract<SluiceEvent, { type: 'file.proven' }>;

/** What stands between the store and every view: nothing is shown that it was not asked about. */
export class PullGate {
  readonly #policy: NamedPolicy;
  readonly #allow: readonly string[];
  readonly #signatures: readonly FoundSignature[];
  readonly #scanner: Scanner;
  readonly #emit: EventSink;
  readonly #stop = new AbortController();
  #refusal: SluiceError | undefined;
  readonly #underway = new Set<Promise<void>>();

  private constructor({ policy, allow, signatures }: AskedOfGate, store: Store, emit: EventSink) {
    this.#policy = policy;
    this.#allow = allow;
    this.#signatures = signatures;
    this.#scanner = new Scanner(store);
    this.#emit = emit;
  }

  /** Undefined where the policy is not for this ref. */
  static open(asked: AskedOfGate, { emit }: PullContext, { ref, store }: Prepared): PullGate | undefined {
    return appliesTo(asked.policy.policy, bareRef(ref)) ? new PullGate(asked, store, emit) : undefined;
  }

  /** Fires when a file that has come turns out to be refused: the rest need not come. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /** Why it fired. */
  get refusal(): SluiceError | undefined {
    return this.#refusal;
  }

  /**
   * Reads the risky parts of what is missing where it stands, and refuses before it is fetched. What it lets through is not admitted by that: those bytes are not proven.
   * @throws SluiceError REFUSED
   */
  async preflight(prepared: Prepared, { settings, signal }: PullContext, wires: OpenWires): Promise<void> {
    const missing = prepared.surveyed.filter(({ sha256 }) => sha256 === undefined);
    const files = settings.offline ? [] : riskyFiles(missing).values();
    const [origin] = prepared.origins;
    if (origin === undefined) return;
    const look = async (): Promise<void> => {
      for (const { file } of files) {
        if (file.sizeBytes === undefined || file.sizeBytes === 0) continue;
        const source = origin.source(prepared.manifest.pinned, file);
        const bytes = new RangeSource({
          source,
          sizeBytes: file.sizeBytes,
          wires,
          mostBytes: MOST_LOOKED_BYTES,
          signal,
        });
        const scan = await scanOf(bytes, file.path, signal).catch((thrown: unknown) => passOver(thrown, signal));
        if (scan === undefined) continue;
        const evidence = { path: file.path, sizeBytes: file.sizeBytes, sha256: file.digests.sha256, scan, hooks: [] };
        const decision = decideFile(evidence, bareRef(prepared.ref), this.#deciding());
        if (decision.verdict === 'refused') throw this.#refuse(decision, prepared);
      }
    };
    await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, look));
  }

  /** A file that has just come is scanned while others come. */
  came(prepared: Prepared, { file: path, sha256, sizeBytes }: Came, signal: AbortSignal): void {
    const { ref, store } = prepared;
    const work = this.#scanner
      .scan(sha256, path, () => openArrived(store.blobPath(sha256), sizeBytes), signal, sizeBytes)
      .then(async (scan) => {
        const decision = decideFile({ path, sizeBytes, sha256, scan, hooks: [] }, bareRef(ref), this.#deciding());
        if (decision.verdict !== 'refused') return;
        const about = { ref: bareRef(ref), commit: prepared.manifest.pinned.commit };
        // The pull is refused whether or not that can be written; where it cannot, the content is out of the store.
        await new Quarantine(store).settle([{ path, sha256, decision }], about).catch(() => undefined);
        if (this.#refusal !== undefined) return;
        this.#refusal = this.#refuse(decision, prepared);
        this.#stop.abort(this.#refusal);
      })
      // Whatever it is, it shows when all is judged.
      .catch(() => undefined)
      .finally(() => this.#underway.delete(work));
    this.#underway.add(work);
  }

  /** Judges everything that is to be seen. @throws SluiceError REFUSED, BAD_SIGNATURE */
  async judge(prepared: Prepared, files: readonly HeldFile[], context: PullContext, wires: OpenWires): Promise<void> {
    const { store, manifest, ref } = prepared;
    await Promise.all(this.#underway);
    if (this.#refusal !== undefined) throw this.#refusal;
    const wanted = files.flatMap(({ path, sizeBytes, sha256 }) =>
      sha256 === undefined ? [] : [{ path, sizeBytes, sha256 }],
    );
    const held = wanted.map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256, at: store.blobPath(sha256) }));
    const subject = {
      ref: bareRef(ref),
      root: prepared.target.root,
      files: held,
      listed: manifest.files.map(({ path }) => path),
    };
    const answers = responderAnswers(context, wires);
    const signed = await signaturesOfOpened(this.#policy, subject, files, this.#signatures, context.signal, answers);
    const { decision } = await judgeRevision(
      {
        ref: bareRef(ref),
        commit: manifest.pinned.commit,
        sizeBytes: sumOf(manifest.files.map(({ sizeBytes }) => sizeBytes)),
        files: wanted,
        facts: factsOf(prepared, wanted, wires, context.signal),
        ...signed,
        open: async ({ sha256, sizeBytes }) => openArrived(store.blobPath(sha256), sizeBytes ?? 0),
      },
      { store, scanner: this.#scanner, policy: this.#policy, allow: this.#allow, signal: context.signal },
    );
    this.#tell(decision, prepared, wanted.length);
    if (decision.verdict === 'refused') throw refusalOf(decision, formatRef(ref));
  }

  #deciding(): { policy: NamedPolicy; allow: readonly string[]; nowMs: number } {
    return { policy: this.#policy, allow: this.#allow, nowMs: Date.now() };
  }

  #refuse(decision: Decision, prepared: Prepared): SluiceError {
    this.#tell(decision, prepared, prepared.surveyed.length);
    return refusalOf(decision, formatRef(prepared.ref));
  }

  #tell({ verdict, policy, policyDigest, reasons }: Decision, { ref, manifest }: Prepared, files: number): void {
    this.#emit({
      type: 'admission.decided',
      ref: formatRef(ref),
      commit: manifest.pinned.commit,
      verdict,
      policy,
      policyDigest,
      files,
      reasons: reasons.filter((reason) => reason.verdict !== 'pass').slice(0, MOST_TOLD),
    });
  }
}

const MOST_TOLD = 100;

/** What cannot be read from afar is judged when it is here. */
function passOver(thrown: unknown, signal: AbortSignal): undefined {
  signal.throwIfAborted();
  if (thrown instanceof TooFar) return undefined;
  const { exitCode } = toSluiceError(thrown);
  if (exitCode === 1) throw thrown;
  return undefined;
}

function sumOf(sizes: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const size of sizes) {
    if (size === undefined) return undefined;
    sum += size;
  }
  return sum;
}

/** What a pull's gate is opened with. */
export interface AskedOfGate {
  readonly policy: NamedPolicy;
  readonly allow: readonly string[];
  readonly signatures: readonly FoundSignature[];
}

/** Read before anything moves. @throws SluiceError BAD_SETTING, BAD_TRUST_POLICY, USAGE */
export async function askedOf(
  { allow = [], signatures = [] }: PullRequest,
  settings: PullSettings,
): Promise<AskedOfGate> {
  const policy = await policyOf(settings);
  if (signatures.length > 0 && policy.trust === undefined)
    throw new SluiceError('USAGE', { reason: '--signature: no policy asks for a signature' });
  return { policy, allow, signatures: await readSignatures(signatures) };
}

/** What a pull goes by, where it was not switched off. @throws SluiceError BAD_SETTING */
export function policyOf({ admissionPolicy = 'default' }: PullSettings): Promise<NamedPolicy> {
  return readPolicy(admissionPolicy === 'off' ? 'default' : admissionPolicy);
}
