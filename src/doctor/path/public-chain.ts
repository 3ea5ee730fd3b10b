import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';

let known: readonly X509Certificate[] | undefined;

/**
 * Whether a chain (DER, the host's own first) leads to one of the CAs that Node is delivered with, which are those of the browsers. Where it leads besides,
 * by cross-signing, does not matter. Files and stores of this machine are not asked: what they add is private.
 */
export function isPublicChain(
  chain: readonly Buffer[],
  roots: readonly X509Certificate[] = (known ??= tls.rootCertificates.map((pem) => new X509Certificate(pem))),
): boolean {
  return chain.some((der) => {
    const certificate = new X509Certificate(der);
    return roots.some(
      (root) =>
        root.fingerprint256 === certificate.fingerprint256 ||
        (certificate.checkIssued(root) && certificate.verify(root.publicKey)),
    );
  });
}
