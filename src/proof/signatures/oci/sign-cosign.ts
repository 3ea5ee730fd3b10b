import { BUNDLE_TYPE } from '../bundle.js';
import { IN_TOTO, preAuthEncoding } from '../dsse.js';
import { keyHints, signBytes } from '../keys.js';
import { STATEMENT_TYPE } from '../oms/statement.js';
import { certificatePem, type Certificate } from '../../certificates/certificate.js';
import { ANNOTATION, COSIGN_PREDICATE, SIGSTORE, SIMPLE_TYPE } from './cosign.js';
import { checkSigner, type ImageSignature, type ImageSigner, type ImageToSign } from './sign-image.js';

const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';

/**
 * Signs a manifest as cosign 3 does: a Sigstore bundle around a statement about its digest. RSA keys sign by PKCS #1, which is what cosign takes.
 * @throws SignatureFault for certificates that are not of the key or out of date
 */
export function signCosignBundle(image: ImageToSign, signer: ImageSigner): ImageSignature {
  const leaf = checkSigner(signer);
  const { key, certificates } = signer;
  const payload = Buffer.from(
    JSON.stringify({
      _type: STATEMENT_TYPE,
      subject: [{ digest: { sha256: image.sha256 }, annotations: {} }],
      predicateType: COSIGN_PREDICATE,
      predicate: {},
    }),
  );
  const signature = signBytes(preAuthEncoding(IN_TOTO, payload), key, 'pkcs1').toString('base64');
  const [, hint] = keyHints(key);
  const bundle = {
    mediaType: BUNDLE_TYPE,
    verificationMaterial: leaf === undefined ? { publicKey: { hint } } : chainOf(certificates),
    dsseEnvelope: { payload: payload.toString('base64'), payloadType: IN_TOTO, signatures: [{ sig: signature }] },
  };
  return {
    ...{ artifactType: BUNDLE_TYPE, configType: EMPTY_TYPE, mediaType: BUNDLE_TYPE },
    bytes: Buffer.from(JSON.stringify(bundle)),
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': COSIGN_PREDICATE,
    },
  };
}

/** Bundles of this version have one certificate; cosign takes a chain when it is told to (`--allow-certificate-chain`), and never a root in it. */
function chainOf(certificates: readonly Certificate[]): unknown {
  const isRoot = ({ issuer, subject }: Certificate): boolean => issuer.equals(subject);
  const [leaf, ...between] = certificates
    .filter((one, index) => index === 0 || !isRoot(one))
    .map(({ der }) => ({ rawBytes: der.toString('base64') }));
  return between.length === 0 ? { certificate: leaf } : { x509CertificateChain: { certificates: [leaf, ...between] } };
}

/** A layer under cosign's tag: the payload, and the annotations of its descriptor. */
export interface TaggedSignature {
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Signs a manifest as cosign 1 and 2 do. `reference` is host and repository, without tag.
 * @throws SignatureFault as `signCosignBundle`
 */
export function signSimple(image: ImageToSign, reference: string, signer: ImageSigner): TaggedSignature {
  const leaf = checkSigner(signer);
  const { key, certificates } = signer;
  const bytes = Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': reference },
        image: { 'docker-manifest-digest': `sha256:${image.sha256}` },
        type: SIMPLE_TYPE,
      },
      optional: null,
    }),
  );
  const chain = certificates.slice(1).map(certificatePem).join('');
  return {
    mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
    bytes,
    annotations: {
      [ANNOTATION]: signBytes(bytes, key, 'pkcs1').toString('base64'),
      ...(leaf === undefined
        ? {}
        : { [`${SIGSTORE}/certificate`]: certificatePem(leaf), [`${SIGSTORE}/chain`]: chain }),
    },
  };
}
