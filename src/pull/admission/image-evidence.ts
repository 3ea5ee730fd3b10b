import type { NamedPolicy, SignatureFacts } from '../../admission/index.js';
import type { Attachment } from '../../hubs/index.js';
import type { RevocationAnswers } from '../../proof/index.js';
import { candidateOf } from '../verify/signed-image.js';
import { evidenceOf } from './signature-evidence.js';

/** A manifest of an image or artifact, with what its registry keeps as its signatures. */
export interface SignedImage {
  /** `oci:host/repository`: what the scopes of the trust policy are about. */
  readonly ref: string;
  /** Of the manifest's bytes. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly attachments: readonly Attachment[];
}

/** Proves the signatures of an image by the trust policy that the gate's policy names. Each covers its manifest, and the blob and the manifest that it stands in itself. */
export function imageSignaturesOf(
  policy: NamedPolicy,
  { ref, sha256, sizeBytes, attachments }: SignedImage,
  nowMs: number,
  answers: RevocationAnswers,
): Promise<SignatureFacts> {
  const found = attachments.map((one) => candidateOf(one, { sha256, sizeBytes }, nowMs));
  return evidenceOf(
    policy,
    ref,
    () => Promise.resolve(found),
    answers,
    ({ source }) => {
      const own = attachments.filter((one) => one.source === source);
      return [sha256, ...own.flatMap((one) => [one.manifest, one.source.replace('sha256:', '')])];
    },
  );
}
