import { createHash } from 'node:crypto';
import { decideSignature, type NamedPolicy, type SignatureFacts } from '../admission/index.js';
import { toSluiceError, type SluiceError } from '../base/index.js';
import type { Site } from '../hubs/index.js';
import type { RevocationAnswers } from '../proof/index.js';
import { signaturesOf } from '../pull/index.js';
import type { Store } from '../store/index.js';
import type { SignedFile } from './admission-guard.js';
import { proofGroups, type ProofGroup } from './site-proofs.js';

export interface SignedSitesOptions {
  readonly store: Store;
  /** What stands at an address below a site's base. @throws SluiceError */
  readonly read: (site: Site, path: string) => Promise<Buffer>;
  /** What stood there when it was asked last, for which nobody is asked. */
  readonly kept: (site: Site, path: string) => Promise<Buffer | undefined>;
  /** Told what is kept for a site. */
  readonly used: (sha256: string, site: Site) => void;
  /** Of the responders of authorities, where a rule asks them. */
  readonly answers: () => Promise<RevocationAnswers>;
  readonly stop: AbortSignal;
  readonly now: () => number;
}

/** A proof as it is here. */
interface Found {
  readonly name: string;
  readonly bytes: Buffer;
  readonly sha256: string;
  readonly at: string;
}

type ReadProof = (path: string) => Promise<Buffer | undefined>;

interface FoundGroup extends Omit<ProofGroup, 'proofs'> {
  readonly proofs: readonly Found[];
}

/** All that there is to prove a file by. */
export interface FoundProofs {
  readonly groups: readonly FoundGroup[];
  /** Why nobody can tell whether there is more. */
  readonly failure: SluiceError | undefined;
}

/** A file that is here whole. */
export interface WholeFile {
  /** Its address, which the scopes of the trust policy are about. */
  readonly url: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

const MOST_KEPT = 10_000;

/** Who signed a file of a plain site: by a signature beside it, or by one of the folders that it is in. */
export class SignedSites {
  readonly #options: SignedSitesOptions;
  readonly #known = new Map<string, Promise<SignedFile>>();

  constructor(options: SignedSitesOptions) {
    this.#options = options;
  }

  /** What there is to prove it by; nothing where nobody signed it. */
  async proofs(site: Site, path: string): Promise<FoundProofs> {
    let failure: SluiceError | undefined;
    const failed = (error: SluiceError): void => void (failure = error);
    const groups = await this.#groups(site, path, (at) => this.#read(site, at, failed));
    return { groups, failure };
  }

  /** The same, of what is here: a signature stays one, also while nobody can be asked. */
  kept(site: Site, path: string): Promise<readonly FoundGroup[]> {
    return this.#groups(site, path, (at) => this.#options.kept(site, at));
  }

  async #groups(site: Site, path: string, read: ReadProof): Promise<readonly FoundGroup[]> {
    const all = await Promise.all(proofGroups(path).map((group) => this.#found(site, group, read)));
    return all.filter((group) => group !== undefined);
  }

  /** Whether a policy wants no more than this. */
  isEnough(policy: NamedPolicy, file: WholeFile, facts: SignatureFacts): boolean {
    const deciding = { policy, allow: [], nowMs: this.#options.now() };
    return decideSignature(file.url, facts, [file.sha256], deciding).verdict === 'admitted';
  }

  /** @throws SluiceError what keeps signatures from being read */
  of(policy: NamedPolicy, file: WholeFile, groups: readonly FoundGroup[]): Promise<SignedFile> {
    // Certificates expire: what was found is believed for a minute.
    const minute = Math.floor(this.#options.now() / 60_000);
    const proofs = groups.flatMap((group) => group.proofs.map(({ sha256 }) => sha256)).join(' ');
    const key = `${file.url} ${file.sha256} ${policy.digest} ${minute} ${sha256Of(Buffer.from(proofs))}`;
    const known = this.#known.get(key) ?? this.#prove(policy, file, groups);
    if (this.#known.has(key)) return known;
    this.#known.set(key, known);
    known.catch(() => this.#known.delete(key));
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_KEPT) break;
      this.#known.delete(oldest);
    }
    return known;
  }

  /** Whether a signature is one by which the file that it stands beside is signed. */
  async ofSignature(policy: NamedPolicy, signature: WholeFile, signed: WholeFile, bytes: Buffer): Promise<SignedFile> {
    const { name, at } = { name: nameOf(signature.url), at: this.#options.store.blobPath(signature.sha256) };
    const proofs = [{ name, bytes, sha256: signature.sha256, at }];
    const groups = [{ kind: 'file', name: nameOf(signed.url), proofs }] as const;
    const found = await this.of(policy, signed, groups);
    const signatures = found.signatures.map((one) => ({ ...one, covers: new Set([...one.covers, signature.sha256]) }));
    return { ...found, signatures, digests: [signature.sha256] };
  }

  async #found(site: Site, { proofs, ...group }: ProofGroup, read: ReadProof): Promise<FoundGroup | undefined> {
    const found: Found[] = [];
    for (const { path, name } of proofs) {
      const bytes = await read(path);
      if (bytes === undefined) {
        // Signatures of a list that is not there say nothing.
        if (found.length === 0 && group.kind === 'folder') return undefined;
        continue;
      }
      found.push({ name, bytes, ...(await this.#put(site, bytes)) });
    }
    return found.length === 0 ? undefined : { ...group, proofs: found };
  }

  async #read(site: Site, path: string, failed: (error: SluiceError) => void): Promise<Buffer | undefined> {
    try {
      return await this.#options.read(site, path);
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (error.exitCode !== 3 && error.exitCode !== 4) failed(error);
      return undefined;
    }
  }

  /** Signatures are proven where they stand, as of a folder. */
  async #put(site: Site, bytes: Buffer): Promise<{ readonly sha256: string; readonly at: string }> {
    const { store, used } = this.#options;
    const sha256 = sha256Of(bytes);
    if ((await store.blobState(sha256)) !== 'proven')
      await store.putBytes(bytes, { sha256, sizeBytes: bytes.length, digests: {} });
    used(sha256, site);
    return { sha256, at: store.blobPath(sha256) };
  }

  async #prove(policy: NamedPolicy, file: WholeFile, groups: readonly FoundGroup[]): Promise<SignedFile> {
    let wrong: SignatureFacts | undefined;
    let last: SignatureFacts = { signatures: [] };
    for (const group of groups) {
      const facts = await this.#byGroup(policy, file, group);
      if (this.isEnough(policy, file, facts)) return { ...facts, digests: [file.sha256] };
      if (facts.wrongBecause !== undefined) wrong ??= facts;
      last = facts;
    }
    return { ...(wrong ?? last), digests: [file.sha256] };
  }

  async #byGroup(
    policy: NamedPolicy,
    { url, sha256, sizeBytes }: WholeFile,
    group: FoundGroup,
  ): Promise<SignatureFacts> {
    const { store, stop } = this.#options;
    const answers = await this.#options.answers();
    const { kind, name, proofs } = group;
    const own = { path: name, sizeBytes, sha256, at: store.blobPath(sha256) };
    const about = { ref: url, root: store.root, listed: undefined };
    if (kind === 'file') {
      const named = proofs.map(({ name: path, bytes }) => ({ path, bytes }));
      return signaturesOf(policy, { ...about, files: [own], isOneFile: true }, named, stop, answers);
    }
    const beside = proofs
      .filter((proof) => proof.name !== name)
      .map((proof) => ({ path: proof.name, sizeBytes: proof.bytes.length, sha256: proof.sha256, at: proof.at }));
    return signaturesOf(policy, { ...about, files: [own, ...beside] }, [], stop, answers);
  }
}

function nameOf(url: string): string {
  const { pathname } = new URL(url);
  return pathname.slice(pathname.lastIndexOf('/') + 1);
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
