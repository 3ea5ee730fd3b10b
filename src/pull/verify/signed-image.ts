import { SluiceError } from '../../base/index.js';
import { findAttachments, parseImageReference, Registry, type Attachment } from '../../hubs/index.js';
import { cosignBundleCandidate, cosignTagCandidate, notationCandidate, type Candidate } from '../../proof/index.js';
import type { PullContext } from '../port.js';
import { withWires } from '../wires.js';
import { withAccount } from './registry-account.js';

/** The signatures of an image or artifact in a registry: what refers to its manifest, and cosign's tag. */
export async function imageCandidates(
  subject: string,
  nowMs: number,
  env: Readonly<Record<string, string | undefined>>,
  context: PullContext,
): Promise<readonly Candidate[]> {
  const { registry, repository, reference } = parseImageReference(subject);
  if (context.settings.offline) throw new SluiceError('OFFLINE');
  return withAccount({ host: new URL(registry).host, env }, context, (account) =>
    withWires(context, async (wires) => {
      const hub = new Registry({ ...wires, endpoint: registry, account });
      const { signal } = context;
      const manifest = await hub.manifest(repository, reference, undefined, signal);
      const signed = { sha256: manifest.sha256, sizeBytes: manifest.bytes.length };
      const found = await findAttachments(hub, repository, manifest.sha256, signal);
      return found.map((one) => candidateOf(one, signed, nowMs));
    }),
  );
}

/** How one signature of a manifest is proven. */
export function candidateOf(
  { kind, source, bytes, annotations }: Attachment,
  signed: { readonly sha256: string; readonly sizeBytes: number },
  nowMs: number,
): Candidate {
  switch (kind) {
    case 'bundle':
      return cosignBundleCandidate(source, bytes, signed);
    case 'simple-signing':
      return cosignTagCandidate(source, bytes, new Map(Object.entries(annotations)), signed);
    case 'notation':
      return notationCandidate(source, bytes, signed, nowMs);
  }
}
