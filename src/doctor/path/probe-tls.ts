import net from 'node:net';
import tls from 'node:tls';
import type { Duplex } from 'node:stream';
import type { TlsFacts } from '../facts.js';
import { PROBES } from '../limits.js';
import { isPublicChain } from './public-chain.js';
import { timeConnect } from './time-connect.js';

interface Target {
  readonly hostname: string;
  readonly address: string;
  readonly port: number;
  /** Asks the proxy at `address` for a way through; without, `address` is the host's own. */
  readonly tunnel?: ((socket: Duplex) => Promise<void>) | undefined;
}

/**
 * Two handshakes, the second with the session of the first. Certificates that nobody here vouches for are told, not refused: no byte of ours goes
 * over these connections. @throws the system's error
 */
export async function probeTls(target: Target, ca: readonly string[], signal: AbortSignal): Promise<TlsFacts> {
  const first = await handshake(target, ca, undefined, signal);
  const { ms, version, issuer, authority, isPublic, distrust, session } = first;
  const again = session === undefined ? undefined : await handshake(target, ca, session, signal).catch(() => undefined);
  return {
    version,
    handshakeMs: ms,
    issuer,
    authority,
    isPublic,
    ...(again?.isResumed === true ? { resumedMs: again.ms } : {}),
    ...(distrust === undefined ? {} : { distrust }),
  };
}

interface Handshake {
  readonly ms: number;
  readonly version: string;
  readonly issuer: string;
  readonly authority: string;
  readonly isPublic: boolean;
  readonly distrust?: string;
  readonly session?: Buffer;
  readonly isResumed: boolean;
}

/** With TLS 1.3 the session comes after the handshake; it is waited for this long. */
const SESSION_MS = 300;

async function handshake(
  { hostname, address, port, tunnel }: Target,
  ca: readonly string[],
  session: Buffer | undefined,
  signal: AbortSignal,
): Promise<Handshake> {
  const { socket } = await timeConnect({ address, port }, PROBES.connectMs, signal);
  try {
    await tunnel?.(socket);
  } catch (thrown) {
    socket.on('error', () => undefined).destroy();
    throw thrown;
  }
  const startedMs = performance.now();
  const secured = tls.connect({
    socket,
    rejectUnauthorized: false,
    // What the certificate is compared with; an address is no name to ask for.
    host: hostname,
    ALPNProtocols: ['http/1.1'],
    ...(net.isIP(hostname) === 0 ? { servername: hostname } : {}),
    ...(ca.length === 0 ? {} : { ca: [...tls.rootCertificates, ...ca] }),
    ...(session === undefined ? {} : { session }),
  });
  let ticket: Buffer | undefined;
  const stop = (): void => void secured.destroy(new Error('interrupted'));
  const timer = setTimeout(
    () => secured.destroy(Object.assign(new Error('the handshake does not end'), { code: 'ETIMEDOUT' })),
    PROBES.connectMs,
  );
  signal.addEventListener('abort', stop, { once: true });
  try {
    const came = new Promise<void>((resolve) => {
      secured.once('session', (each: Buffer) => {
        ticket = each;
        resolve();
      });
    });
    await new Promise<void>((resolve, reject) => {
      secured.once('secureConnect', resolve).once('error', reject);
      secured.once('close', () => reject(Object.assign(new Error('closed in the handshake'), { code: 'ECONNRESET' })));
    });
    const ms = performance.now() - startedMs;
    const isResumed = secured.isSessionReused();
    const chain = chainOf(secured.getPeerCertificate(true));
    if (session === undefined) await Promise.race([came, new Promise((resolve) => setTimeout(resolve, SESSION_MS))]);
    // Declared as an Error; it is the code of one, as text.
    const distrust = secured.authorized ? undefined : (secured.authorizationError as Error | string | undefined);
    return {
      ms,
      version: secured.getProtocol() ?? '',
      issuer: nameOf(chain[0]?.issuer),
      authority: fullNameOf(chain.at(-1)?.issuer),
      isPublic: isPublicChain(chain.map(({ raw }) => raw)),
      isResumed,
      ...(ticket === undefined ? {} : { session: ticket }),
      ...(distrust === undefined ? {} : { distrust: typeof distrust === 'string' ? distrust : distrust.message }),
    };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    secured.on('error', () => undefined).destroy();
  }
}

function nameOf(issuer: tls.Certificate | undefined): string {
  const name = issuer?.CN ?? issuer?.O ?? '';
  return Array.isArray(name) ? name.join(', ') : name;
}

/** With its organisation, which is what people know it by. */
function fullNameOf(issuer: tls.Certificate | undefined): string {
  const name = nameOf(issuer);
  const owner = issuer?.O;
  return owner === undefined || owner === name ? name : `${name} (${Array.isArray(owner) ? owner.join(', ') : owner})`;
}

/** From the host's own certificate upwards, as far as it is known here; the upmost vouches for itself. */
function chainOf(leaf: tls.DetailedPeerCertificate): readonly tls.DetailedPeerCertificate[] {
  const chain: tls.DetailedPeerCertificate[] = [];
  // Declared as always there; a host without certificate gives nothing of it, and the upmost known may name nobody above.
  let next: Partial<tls.DetailedPeerCertificate> | undefined = leaf;
  while (isWhole(next) && !chain.includes(next)) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

function isWhole(
  certificate: Partial<tls.DetailedPeerCertificate> | undefined,
): certificate is tls.DetailedPeerCertificate {
  return certificate?.raw !== undefined;
}
