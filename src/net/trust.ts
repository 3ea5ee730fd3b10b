import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';

import { SluiceError } from '../base/index.js';

/** Newer Node lists the certificates it trusts by default, `NODE_EXTRA_CA_CERTS` and system flags included. */
interface CaLister {
  readonly getCACertificates?: (kind: 'default') => readonly string[];
}

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** A TLS context, made when it is first asked for; undefined for Node's own default. */
export type TrustContext = () => tls.SecureContext | undefined;

/** What Node's own contexts can do, undocumented: adding to the default CAs, which are parsed once for all threads, takes 1 ms; giving the list anew takes 20 ms in each thread. */
interface Adding {
  readonly addCACert?: (pem: string) => void;
}

/**
 * Trusts the default CAs and those in `caFiles` (PEM). The files are looked at now; the context is made when somebody has use for TLS.
 * @throws SluiceError BAD_SETTING when a file cannot be read or holds no certificate
 */
export function trustContext(caFiles: readonly string[]): TrustContext {
  if (caFiles.length === 0) return () => undefined;
  const own = caFiles.map(readCertificates);
  let context: tls.SecureContext | undefined;
  return () => (context ??= contextWith(own));
}

function contextWith(own: readonly string[]): tls.SecureContext {
  const context = tls.createSecureContext();
  const native = context.context as Adding;
  if (native.addCACert === undefined) return tls.createSecureContext({ ca: [...defaultCertificates(), ...own] });
  for (const text of own) for (const [pem] of text.matchAll(PEM_BLOCK)) native.addCACert(pem);
  return context;
}

function readCertificates(file: string): string {
  const refuse = (reason: string): SluiceError => new SluiceError('BAD_SETTING', { key: 'ca', value: file, reason });
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : 'not readable');
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw refuse('no PEM certificate in it');
  // OpenSSL would pass over what it cannot read.
  for (const [pem] of text.matchAll(PEM_BLOCK)) {
    try {
      new X509Certificate(pem);
    } catch {
      throw refuse('a certificate in it cannot be read');
    }
  }
  return text;
}

/** Giving `ca` replaces Node's defaults, so they are given again. */
function defaultCertificates(): readonly string[] {
  const lister = tls as CaLister;
  if (lister.getCACertificates !== undefined) return lister.getCACertificates('default');
  return [...tls.rootCertificates, ...extraCertificates()];
}

/** A missing or broken extra file is ignored here, as Node itself does (it prints a warning). */
function extraCertificates(): readonly string[] {
  const file = process.env.NODE_EXTRA_CA_CERTS;
  if (!file) return [];
  try {
    const text = readFileSync(file, 'latin1');
    tls.createSecureContext({ ca: text });
    return [text];
  } catch {
    return [];
  }
}
