import { createHash } from 'node:crypto';
import type { NamedPolicy } from '../admission/index.js';
import { SluiceError } from '../base/index.js';
import type { Caller, Content, ManifestFile, Snapshot } from '../hubs/index.js';
import type { RevocationAnswers } from '../proof/index.js';
import { isProofName, signaturesOf } from '../pull/index.js';
import type { Store } from '../store/index.js';
import type { SignedFile } from './admission-guard.js';

export interface SignedFilesOptions {
  readonly store: Store;
  readonly contentOf: (shown: Snapshot, file: ManifestFile, caller: Caller) => Promise<Content>;
  /** Of the responders of authorities, where a rule asks them. */
  readonly answers: () => Promise<RevocationAnswers>;
  readonly stop: AbortSignal;
  readonly now: () => number;
}

/** A file of a revision, as a caller asks for it. */
export interface AskedFile {
  readonly shown: Snapshot;
  /** The repository without revision. */
  readonly ref: string;
  readonly file: ManifestFile;
  readonly content: Content;
  readonly caller: Caller;
}

/** Of one signature or list of checksums, and of a file that only a digest of git's names. */
const MOST_READ_BYTES = 64 * 2 ** 20;
/** Of one revision. */
const MOST_PROOFS = 16;
const MOST_KEPT = 10_000;

/**
 * Who signed a file of a revision, by the signatures that stand beside it. One file is looked at as it is asked for: what else the revision has may be signed and need not be here.
 * What a hub lists by SHA-256 is held against a signature before it is here: no other bytes are given for it.
 */
export class SignedFiles {
  readonly #options: SignedFilesOptions;
  readonly #known = new Map<string, Promise<SignedFile>>();

  constructor(options: SignedFilesOptions) {
    this.#options = options;
  }

  /** @throws SluiceError BAD_SIGNATURE; whatever keeps the signatures from being read */
  of(policy: NamedPolicy, asked: AskedFile): Promise<SignedFile> {
    const { ref, shown, file } = asked;
    // Certificates expire: what was found is believed for a minute.
    const minute = Math.floor(this.#options.now() / 60_000);
    const key = `${ref}@${shown.pinned.commit} ${file.path} ${policy.digest} ${minute}`;
    const known = this.#known.get(key) ?? this.#prove(policy, asked);
    if (this.#known.has(key)) return known;
    this.#known.set(key, known);
    known.catch(() => this.#known.delete(key));
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_KEPT) break;
      this.#known.delete(oldest);
    }
    return known;
  }

  async #prove(policy: NamedPolicy, asked: AskedFile): Promise<SignedFile> {
    const { shown, ref, file, content } = asked;
    const { store, stop, answers } = this.#options;
    const sha256 = file.digests.sha256 ?? (await this.#digestOf(content));
    const proofs = await this.#proofsBeside(asked);
    const { sizeBytes } = content;
    const own = { path: file.path, sizeBytes, sha256, at: store.blobPath(sha256) };
    const files = [own, ...proofs.filter(({ path }) => path !== file.path)];
    const listed = shown.files.map(({ path }) => path);
    const signed = await signaturesOf(policy, { ref, root: store.root, files, listed }, [], stop, await answers());
    return { digests: [sha256], ...signed };
  }

  /** Signatures and lists of checksums, here and whole. */
  async #proofsBeside({ shown, file: asked, content, caller }: AskedFile): Promise<readonly Proof[]> {
    const { contentOf, store } = this.#options;
    const found: Proof[] = [];
    for (const file of shown.files.filter(({ path }) => isProofName(path)).slice(0, MOST_PROOFS)) {
      const { path, digests } = file;
      const bytes = await this.#read(path === asked.path ? content : await contentOf(shown, file, caller), path);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      if ((await store.blobState(sha256)) !== 'proven')
        await store.putBytes(bytes, { sha256, sizeBytes: bytes.length, digests });
      found.push({ path, sizeBytes: bytes.length, sha256, at: store.blobPath(sha256) });
    }
    return found;
  }

  async #digestOf(content: Content): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of this.#chunks(content, 'the file')) hash.update(chunk);
    return hash.digest('hex');
  }

  async #read(content: Content, path: string): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.#chunks(content, path)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  #chunks(content: Content, path: string): AsyncIterable<Buffer> {
    const { sizeBytes } = content;
    if (sizeBytes > MOST_READ_BYTES)
      throw new SluiceError('BAD_SIGNATURE', {
        subject: path,
        reason: `${sizeBytes} bytes are too many to be read for it`,
      });
    return content.read({ startByte: 0, endByte: sizeBytes }, this.#options.stop);
  }
}

interface Proof {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly at: string;
}
