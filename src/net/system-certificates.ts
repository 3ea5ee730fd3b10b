import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import tls from 'node:tls';

export const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Where systems keep all that they trust in one file: Debian, Fedora and RHEL, openSUSE, Alpine, the BSDs. The first there is counts. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
const MAX_BUNDLE_BYTES = 8 * 1024 * 1024;

interface SystemLister {
  readonly getCACertificates?: (kind: 'system') => readonly string[];
}

export interface SystemPlaces {
  readonly bundles?: readonly string[];
  /** As in `SSL_CERT_DIR`: folders with a certificate in each file. */
  readonly folders?: string | undefined;
  /** Node's own knowledge of the system's store, where it has any: it knows Windows' and macOS' too. */
  readonly ask?: (() => readonly string[]) | undefined;
}

/** The certificates (PEM) that the system trusts; what cannot be read is passed over. */
export function systemCertificates({
  bundles = BUNDLES,
  folders = process.env.SSL_CERT_DIR,
  ask = askNode(),
}: SystemPlaces = {}): readonly string[] {
  const files = (folders ?? '').split(delimiter).flatMap((folder) => (folder === '' ? [] : filesIn(folder)));
  const bundle = bundles.map(readPem).find((found) => found.length > 0) ?? [];
  return [...new Set([...(ask?.() ?? []), ...bundle, ...files.flatMap(readPem)])].filter(isCertificate);
}

function askNode(): (() => readonly string[]) | undefined {
  const { getCACertificates } = tls as SystemLister;
  return getCACertificates === undefined ? undefined : () => getCACertificates('system');
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function readPem(file: string): readonly string[] {
  try {
    const text = readFileSync(file, 'latin1');
    return text.length > MAX_BUNDLE_BYTES ? [] : Array.from(text.matchAll(PEM_BLOCK), ([pem]) => pem);
  } catch {
    return [];
  }
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
