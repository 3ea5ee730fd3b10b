import { decideSignature, type NamedPolicy, type SignatureFacts } from '../admission/index.js';
import { toSluiceError } from '../base/index.js';
import { findAttachments, hostlessWords, type ImageName, type RawManifest, type Registry } from '../hubs/index.js';
import type { RevocationAnswers } from '../proof/index.js';
import { imageSignaturesOf } from '../pull/index.js';
import type { Store } from '../store/index.js';
import type { SignedFile } from './admission-guard.js';
import { ImageParts } from './image-parts.js';
import { keepAttachments, readAttachments } from './kept-attachments.js';
import { subjectOf } from './layer-sizes.js';
import type { Guards } from './upstreams/guards.js';

export interface SignedImagesOptions {
  readonly store: Store;
  readonly registryOf: (name: ImageName) => Registry;
  readonly guards: Guards;
  /** A manifest by its digest, as it is here. */
  readonly kept: (repository: string, sha256: string) => Promise<RawManifest | undefined>;
  /** A manifest by its digest, asked for where it is not here. */
  readonly manifest: (name: ImageName, sha256: string) => Promise<RawManifest>;
  /** How long it is believed that nobody signed something. */
  readonly freshMs: number;
  /** Of the responders of authorities, where a rule asks them. */
  readonly answers: () => Promise<RevocationAnswers>;
  readonly stop: AbortSignal;
  readonly now: () => number;
}

interface Judged {
  readonly atMs: number;
  readonly facts: Promise<SignatureFacts>;
  isEnough: boolean;
}

/** Certificates expire: what was found is believed for so long. */
const BELIEVED_MS = 60_000;
const MOST_JUDGED = 10_000;
/** Indexes of indexes of images; whoever may write to a registry can make manifests of signatures that name each other's subjects. */
const MOST_DEPTH = 4;
/** Manifests that name the same are looked at, latest first. All of them could be shown when they were asked for. */
const MOST_NAMING = 8;
/** `{}`, the configuration of manifests that have none (OCI image 1.1). */
const EMPTY_JSON = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';

/**
 * Who signed a manifest or a blob of a registry: the signatures that its registry keeps for the manifest, or for a manifest or index that names it by its digest.
 * A signature itself is shown where it is one of those by which its subject is.
 */
export class SignedImages {
  readonly #options: SignedImagesOptions;
  readonly #parts: ImageParts;
  /** Judged longest ago first. */
  readonly #judged = new Map<string, Judged>();

  constructor(options: SignedImagesOptions) {
    this.#options = options;
    this.#parts = new ImageParts(options);
  }

  /** @throws SluiceError where nobody can tell */
  async ofManifest(
    policy: NamedPolicy,
    name: ImageName,
    manifest: RawManifest,
    reference: string,
  ): Promise<SignedFile> {
    const { sha256, bytes } = manifest;
    const ref = refOf(name);
    const subject = /^sha256-([0-9a-f]{64})(?:\.sig)?$/.exec(reference)?.[1] ?? subjectOf(bytes);
    if (subject !== undefined && subject !== sha256) {
      const facts = await this.#ofSubject(policy, name, subject, 0);
      // The list of what refers to a manifest names it, and shows nothing else.
      const isList = reference === `sha256-${subject}` && this.#isEnough(policy, ref, facts, subject);
      const told = isList ? covering(facts, subject, sha256) : facts;
      if (this.#isEnough(policy, ref, told, sha256)) {
        if (!isList) await this.#parts.note(ref, manifest, subject);
        return { ...told, digests: [sha256] };
      }
    }
    const facts = await this.#signed(policy, name, { sha256, sizeBytes: bytes.length }, 0);
    if (this.#isEnough(policy, ref, facts, sha256)) await this.#parts.note(ref, manifest);
    return { ...facts, digests: [sha256] };
  }

  /** @throws SluiceError where nobody can tell */
  async ofBlob(policy: NamedPolicy, name: ImageName, sha256: string): Promise<SignedFile> {
    const facts = await this.#named(policy, name, sha256, 0);
    const unsignedBecause = 'no signed manifest that was asked for here names it';
    return { signatures: [], unsignedBecause, ...facts, digests: [sha256] };
  }

  /** A manifest, by what names it or by signatures of its own. */
  async #signed(
    policy: NamedPolicy,
    name: ImageName,
    manifest: { readonly sha256: string; readonly sizeBytes: number },
    depth: number,
  ): Promise<SignatureFacts> {
    const { sha256 } = manifest;
    const byOthers = depth < MOST_DEPTH ? await this.#named(policy, name, sha256, depth + 1) : undefined;
    if (byOthers !== undefined && this.#isEnough(policy, refOf(name), byOthers, sha256)) return byOthers;
    return this.#own(policy, name, manifest);
  }

  /** By the manifests that name it: the first that is signed, else why the last is not. */
  async #named(
    policy: NamedPolicy,
    name: ImageName,
    sha256: string,
    depth: number,
  ): Promise<SignatureFacts | undefined> {
    const ref = refOf(name);
    let last: SignatureFacts | undefined;
    let failed: unknown;
    for (const one of (await this.#parts.naming(ref, sha256)).slice(0, MOST_NAMING)) {
      try {
        const facts =
          one.subject === undefined
            ? covering(await this.#signed(policy, name, one, depth), one.sha256, sha256)
            : ofSignature(await this.#ofSubject(policy, name, one.subject, depth), one.sha256, sha256);
        if (this.#isEnough(policy, ref, facts, sha256)) return facts;
        last = facts;
      } catch (thrown) {
        failed = thrown;
      }
    }
    if (failed !== undefined) throw toSluiceError(failed);
    return last;
  }

  async #ofSubject(policy: NamedPolicy, name: ImageName, sha256: string, depth: number): Promise<SignatureFacts> {
    try {
      const { bytes } = await this.#options.manifest(name, sha256);
      return await this.#signed(policy, name, { sha256, sizeBytes: bytes.length }, depth);
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (error.exitCode === 7) throw error;
      return { signatures: [], unsignedBecause: 'what it refers to is not there' };
    }
  }

  /** By the signatures of its own; what was found is believed for a while. */
  #own(
    policy: NamedPolicy,
    name: ImageName,
    manifest: { readonly sha256: string; readonly sizeBytes: number },
  ): Promise<SignatureFacts> {
    const { now, freshMs } = this.#options;
    const about = `${refOf(name)}@${manifest.sha256}`;
    const key = `${about} ${policy.digest}`;
    const known = this.#judged.get(key);
    const lifeMs = known?.isEnough === true ? BELIEVED_MS : Math.min(BELIEVED_MS, freshMs);
    if (known !== undefined && now() - known.atMs < lifeMs) return known.facts;
    const facts = this.#prove(policy, name, manifest, about);
    const judged: Judged = { atMs: now(), facts, isEnough: false };
    this.#judged.delete(key);
    this.#judged.set(key, judged);
    facts.then(
      (found) => (judged.isEnough = this.#isEnough(policy, refOf(name), found, manifest.sha256)),
      () => this.#judged.get(key) === judged && this.#judged.delete(key),
    );
    for (const oldest of this.#judged.keys()) {
      if (this.#judged.size <= MOST_JUDGED) break;
      this.#judged.delete(oldest);
    }
    return facts;
  }

  async #prove(
    policy: NamedPolicy,
    name: ImageName,
    manifest: { readonly sha256: string; readonly sizeBytes: number },
    about: string,
  ): Promise<SignatureFacts> {
    const { store, registryOf, guards, freshMs, stop, now } = this.#options;
    const answers = await this.#options.answers();
    const ref = refOf(name);
    const { sha256 } = manifest;
    const kept = await readAttachments(store, about);
    if (kept !== undefined) {
      const facts = await imageSignaturesOf(
        policy,
        { ref, ...manifest, attachments: kept.attachments },
        now(),
        answers,
      );
      // A signature stays one; that there is none may have changed.
      if (this.#isEnough(policy, ref, facts, sha256) || now() - kept.askedAtMs < freshMs) return facts;
    }
    try {
      const registry = registryOf(name);
      const askedAtMs = now();
      const attachments = await guards.ask(name.registry, () =>
        findAttachments(registry, name.repository, sha256, stop),
      );
      await keepAttachments(store, about, { askedAtMs, attachments });
      return await imageSignaturesOf(policy, { ref, ...manifest, attachments }, now(), answers);
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (![3, 4, 5].includes(error.exitCode)) throw error;
      return { signatures: [], unsignedBecause: `its signatures cannot be read: ${hostlessWords(error)}` };
    }
  }

  #isEnough(policy: NamedPolicy, ref: string, facts: SignatureFacts, sha256: string): boolean {
    const deciding = { policy, allow: [], nowMs: this.#options.now() };
    return decideSignature(ref, facts, [sha256], deciding).verdict === 'admitted';
  }
}

/** The same, also of what a signed manifest names: its digests are part of what was signed. */
function covering(facts: SignatureFacts, by: string, sha256: string): SignatureFacts {
  const signatures = facts.signatures.map((one) =>
    one.covers.has(by) ? { ...one, covers: new Set([...one.covers, sha256]) } : one,
  );
  return { ...facts, signatures };
}

/** Of a manifest of signatures only what is a signature that counts, and the nothing beside it. */
function ofSignature(facts: SignatureFacts, manifest: string, sha256: string): SignatureFacts {
  return sha256 === EMPTY_JSON ? covering(facts, manifest, sha256) : facts;
}

function refOf({ registry, repository }: ImageName): string {
  return `oci:${registry}/${repository}`;
}
