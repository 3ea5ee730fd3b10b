import { PROFILES } from '../../certificates/profile.js';
import { validatePath } from '../../certificates/path.js';
import { untrusted } from '../../signature-fault.js';
import { formatNotationCose } from './notation-cose.js';
import { AGENT, algorithmOf, PAYLOAD_TYPE, SCHEME, SIGNING_TIME, signWith, X509_SCHEME } from './notation-headers.js';
import { checkSigner, type ImageSignature, type ImageSigner, type ImageToSign } from './sign-image.js';

const ARTIFACT_TYPE = 'application/vnd.cncf.notary.signature';
const THUMBPRINTS = 'io.cncf.notary.x509chain.thumbprint#S256';
const SIGNING_AGENT = 'sluice';

/**
 * Signs a manifest as Notation does (signature-specification, signature-envelope-jws and -cose), with the whole chain of certificates, which its verifiers want.
 * @throws SignatureFault for keys and certificates that Notation would not accept
 */
export function signNotation(image: ImageToSign, signer: ImageSigner, form: 'jws' | 'cose'): ImageSignature {
  const { key, certificates, nowMs } = signer;
  const algorithm = algorithmOf(key);
  if (algorithm === undefined)
    throw untrusted('Notation signs with RSA keys of 2048, 3072 or 4096 bits, or on P-256, P-384 or P-521');
  checkChain(signer);
  const { mediaType, sha256, sizeBytes } = image;
  const payload = Buffer.from(
    JSON.stringify({ targetArtifact: { mediaType, digest: `sha256:${sha256}`, size: sizeBytes } }),
  );
  const parts = { algorithm, payload, certificates, agent: SIGNING_AGENT, signedAtMs: nowMs };
  const sign = (bytes: Buffer): Buffer => signWith(bytes, algorithm, key);
  return {
    ...{ artifactType: ARTIFACT_TYPE, configType: ARTIFACT_TYPE },
    mediaType: form === 'jws' ? 'application/jose+json' : 'application/cose',
    bytes: form === 'jws' ? formatJws({ ...parts, sign }) : formatNotationCose({ ...parts, sign }),
    annotations: { [THUMBPRINTS]: JSON.stringify(certificates.map(({ fingerprint }) => fingerprint)) },
  };
}

/** JWS in the flattened JSON form (RFC 7515, 7.2.2). */
function formatJws(parts: Parameters<typeof formatNotationCose>[0]): Buffer {
  const header = {
    alg: parts.algorithm,
    cty: PAYLOAD_TYPE,
    crit: [SCHEME],
    [SCHEME]: X509_SCHEME,
    [SIGNING_TIME]: new Date(parts.signedAtMs).toISOString().replace(/\.\d+/, ''),
  };
  const protectedText = Buffer.from(JSON.stringify(header)).toString('base64url');
  const payload = parts.payload.toString('base64url');
  return Buffer.from(
    JSON.stringify({
      payload,
      protected: protectedText,
      header: { x5c: parts.certificates.map(({ der }) => der.toString('base64')), [AGENT]: parts.agent },
      signature: parts.sign(Buffer.from(`${protectedText}.${payload}`)).toString('base64url'),
    }),
  );
}

/** That the certificates are a whole path, root included, which would be accepted by one who trusts that root. */
function checkChain(signer: ImageSigner): void {
  const { certificates, nowMs } = signer;
  const leaf = checkSigner(signer);
  const root = certificates.at(-1);
  if (leaf === undefined || root === undefined)
    throw untrusted('Notation signs with certificates: name them with --certificate');
  if (!root.issuer.equals(root.subject) || root === leaf)
    throw untrusted('Notation wants the whole chain of certificates in the file: the signer’s first, its root last');
  const path = validatePath({
    ...{ leaf, others: certificates.slice(1, -1), roots: [root], atMs: nowMs, nowMs, lists: [] },
    ...{ profile: PROFILES.notation, expiry: 'enforce', revocation: 'skip' },
  });
  const isInOrder = path.certificates.every((one, index) => one === certificates[index]);
  if (!isInOrder || path.certificates.length !== certificates.length)
    throw untrusted('the certificates are not in the order of their chain');
}
