import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';

import { SluiceError } from '../base/index.js';
import { faultCode } from './fault.js';
import { PEM_BLOCK, systemCertificates } from './system-certificates.js';

/** Newer Node lists the certificates it trusts by default, `NODE_EXTRA_CA_CERTS` and system flags included. */
interface CaLister {
  readonly getCACertificates?: (kind: 'default') => readonly string[];
}

/** How OpenSSL says that it does not know who signed. */
const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

/** What Node's own contexts can do, undocumented: adding to the default CAs, which are parsed once for all threads, takes 1 ms; giving the list anew takes 20 ms in each thread. */
interface Adding {
  readonly addCACert?: (pem: string) => void;
}

/**
 * Whom connections trust: the default CAs and those in `caFiles` (PEM), and once a server came whose authority is not among them, the
 * system's store too; reading that costs more than most pulls have to spend, and few need it.
 */
export class Trust {
  readonly #own: readonly string[];
  readonly #readSystem: () => readonly string[];
  #system: readonly string[] | undefined;
  #context: tls.SecureContext | undefined;

  /**
   * The files are looked at now; the context is made when somebody has use for TLS.
   * @throws SluiceError BAD_SETTING when a file cannot be read or holds no certificate
   */
  constructor(caFiles: readonly string[], readSystem: () => readonly string[] = systemCertificates) {
    this.#own = caFiles.flatMap(readCertificates);
    this.#readSystem = readSystem;
  }

  /** Undefined for Node's own default. */
  context(): tls.SecureContext | undefined {
    const certificates = [...this.#own, ...(this.#system ?? [])];
    if (certificates.length === 0) return undefined;
    return (this.#context ??= contextWith(certificates));
  }

  /** Whether the system's store is in. */
  get isWide(): boolean {
    return this.#system !== undefined;
  }

  /** After a handshake that failed so, the system's store is in too; false where that can make no difference. */
  widenFor(thrown: unknown): boolean {
    const cause = thrown instanceof SluiceError ? thrown.cause : thrown;
    if (!UNKNOWN_AUTHORITY.has(faultCode(cause))) return false;
    if (this.#system === undefined) {
      this.#system = this.#readSystem();
      this.#context = undefined;
    }
    return this.#system.length > 0;
  }
}

function contextWith(certificates: readonly string[]): tls.SecureContext {
  const context = tls.createSecureContext();
  const native = context.context as Adding;
  if (native.addCACert === undefined)
    return tls.createSecureContext({ ca: [...defaultCertificates(), ...certificates] });
  for (const pem of certificates) native.addCACert(pem);
  return context;
}

function readCertificates(file: string): readonly string[] {
  const refuse = (reason: string): SluiceError => new SluiceError('BAD_SETTING', { key: 'ca', value: file, reason });
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : 'not readable');
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw refuse('no PEM certificate in it');
  // OpenSSL would pass over what it cannot read.
  return Array.from(text.matchAll(PEM_BLOCK), ([pem]) => {
    try {
      new X509Certificate(pem);
      return pem;
    } catch {
      throw refuse('a certificate in it cannot be read');
    }
  });
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
