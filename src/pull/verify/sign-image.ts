import { SluiceError } from '../../base/index.js';
import { attachReferrer, attachTagged, parseImageReference, RegistryWriter, type AttachTo } from '../../hubs/index.js';
import {
  keyFingerprint,
  signCosignBundle,
  signNotation,
  signSimple,
  type ImageSigner,
  type ImageToSign,
} from '../../proof/index.js';
import type { PullContext } from '../port.js';
import { withWires } from '../wires.js';
import { withAccount } from './registry-account.js';
import type { SignReport, SignRequest } from './sign.js';
import { certificatesAt, faultsAsBadKey, readSigningKey } from './signing-key.js';

export const IMAGE_FORMATS = ['cosign', 'cosign-tag', 'notation', 'notation-cose'] as const;
/** `cosign`: a bundle that refers to the image (cosign 3). `cosign-tag`: the tag of cosign 1 and 2. `notation`: Notation's JWS, `notation-cose` its COSE. */
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/**
 * Signs an image or artifact in a registry: what its tag means now, by the digest of its manifest. The signature is uploaded beside it.
 * @throws SluiceError BAD_KEY, BAD_REF, and what the registry answers
 */
export async function signImage(request: SignRequest, context: PullContext): Promise<SignReport> {
  const { settings, signal } = context;
  const { detached, ignore, isUnnamed, output, shardBytes } = request;
  if (detached || isUnnamed || ignore.length > 0 || output !== undefined || shardBytes !== undefined)
    throw new SluiceError('USAGE', { reason: '--detached, --ignore, --output, --shards and --unnamed go with files' });
  if (settings.offline) throw new SluiceError('OFFLINE');
  const { registry, repository, reference } = parseImageReference(request.subject);
  const key = await readSigningKey(request, settings.home);
  const certificates = await certificatesAt(request.certificate);
  const signer: ImageSigner = { key, certificates, nowMs: request.nowMs };
  const { host } = new URL(registry);
  return withAccount({ host, env: request.env }, context, (account) =>
    withWires(context, async (wires) => {
      const writer = new RegistryWriter({ ...wires, endpoint: registry, account });
      const manifest = await writer.reader.manifest(repository, reference, undefined, signal);
      const { sha256, mediaType, bytes } = manifest;
      const image = { mediaType, sha256, sizeBytes: bytes.length };
      const to: AttachTo = { ...image, writer, repository, nowMs: request.nowMs, signal };
      const name = `${host}/${repository}`;
      const format = request.format ?? 'cosign';
      const held = await faultsAsBadKey(request.key, () => attach(to, image, name, signer, format));
      const digest = `sha256:${sha256}`;
      return {
        ...{ subject: request.subject, fingerprint: keyFingerprint(key), files: 1, bytes: bytes.length },
        ...{ image: `${name}@${digest}`, output: held.startsWith('sha256:') ? `${name}@${held}` : `${name}:${held}` },
      };
    }),
  );
}

function attach(
  to: AttachTo,
  image: ImageToSign,
  name: string,
  signer: ImageSigner,
  format: ImageFormat,
): Promise<string> {
  switch (format) {
    case 'cosign':
      return attachReferrer(to, signCosignBundle(image, signer));
    case 'cosign-tag':
      return attachTagged(to, signSimple(image, name, signer));
    case 'notation':
      return attachReferrer(to, signNotation(image, signer, 'jws'));
    case 'notation-cose':
      return attachReferrer(to, signNotation(image, signer, 'cose'));
  }
}
