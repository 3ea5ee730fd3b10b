import { readFile } from 'node:fs/promises';
import { BlockList, isIP } from 'node:net';
import { join } from 'node:path';
import type { NamedPolicy } from '../admission/index.js';
import { SluiceError, toSluiceError, type Settings } from '../base/index.js';
import type { PullSettings } from '../pull/index.js';
import type { Store } from '../store/index.js';
import type { Keys } from './access/gatekeeper.js';
import { parseUsers } from './access/passwords.js';
import { listTokens, TOKENS } from './access/tokens.js';
import { CHECK_CONNECTIONS_MS } from './limits.js';
import type { ServerPolicy } from './policy.js';
import type { Patience, TlsKeys } from './server.js';

/** All that a server is told. */
export type ServeSettings = PullSettings & Pick<Settings, Extract<keyof Settings, `serve${string}`>>;

/** Who may come in, with the files that say so read again. @throws SluiceError BAD_SETTING */
export async function keysOf(settings: ServeSettings, store: Store): Promise<Keys> {
  const { serveUsers, serveAnonymous, serveListen } = settings;
  const users = serveUsers === undefined ? '' : await readNamed(serveUsers, 'serve.users');
  return {
    tokens: await listTokens(store),
    users: parseUsers(users, serveUsers ?? ''),
    anonymous: serveAnonymous === 'auto' ? isLoopback(serveListen) : serveAnonymous === 'true',
  };
}

/** Certificate and key, read again. @throws SluiceError BAD_SETTING */
export async function tlsKeysOf({ serveTlsCert, serveTlsKey }: ServeSettings): Promise<TlsKeys | undefined> {
  if (serveTlsCert === undefined && serveTlsKey === undefined) return undefined;
  if (serveTlsCert === undefined || serveTlsKey === undefined)
    throw new SluiceError('BAD_SETTING', {
      key: serveTlsCert === undefined ? 'serve.tls-cert' : 'serve.tls-key',
      reason: 'a certificate and its key go together',
    });
  const { createSecureContext } = await import('node:tls');
  const keys = {
    cert: await readNamed(serveTlsCert, 'serve.tls-cert'),
    key: await readNamed(serveTlsKey, 'serve.tls-key'),
  };
  try {
    createSecureContext(keys);
  } catch (thrown) {
    throw new SluiceError('BAD_SETTING', {
      key: 'serve.tls-cert',
      value: serveTlsCert,
      reason: `not a certificate with its key (${thrown instanceof Error ? thrown.message : String(thrown)})`,
    });
  }
  return keys;
}

export function policyOf(settings: ServeSettings): ServerPolicy {
  return {
    publicUrl: settings.servePublicUrl,
    trustedProxies: settings.serveTrustedProxies,
    connections: settings.serveConnections,
    clientConnections: settings.serveClientConnections,
    requests: settings.serveRequests,
    clientRequests: settings.serveClientRequests,
    clientRate: settings.serveClientRate,
  };
}

/** How long clients are waited for. They are looked at often enough that none is waited for much longer. */
export function patienceOf(settings: ServeSettings): Patience {
  const { serveHeadTimeoutMs: headersMs, serveBodyTimeoutMs: bodyMs, serveReaderTimeoutMs: stalledMs } = settings;
  const checkMs = Math.max(10, Math.min(CHECK_CONNECTIONS_MS, Math.min(headersMs, bodyMs) / 4));
  return { headersMs, bodyMs, checkMs, stalledMs };
}

/** What a server lets out goes by; undefined where nothing is said. @throws SluiceError BAD_SETTING */
export async function admissionOf({ admissionPolicy = 'off' }: ServeSettings): Promise<NamedPolicy | undefined> {
  return admissionPolicy === 'off' ? undefined : (await import('../admission/index.js')).readPolicy(admissionPolicy);
}

/** Whether a policy, with all files that it names, still says what it said when it was read. What cannot be read says something else. Never rejects. */
export async function isStillSaid(settings: ServeSettings, policy: NamedPolicy | undefined): Promise<boolean> {
  try {
    return (await admissionOf(settings))?.digest === policy?.digest;
  } catch {
    return false;
  }
}

function isFile(policy: string | undefined): policy is string {
  return policy !== undefined && policy !== 'off' && policy !== 'default';
}

/** Files that mean something else when they change; those of whose signatures count are among them, such as a list of certificates that were taken back. */
export function filesOf(
  { home, serveUsers, serveTlsCert, serveTlsKey, admissionPolicy }: ServeSettings,
  trust: NamedPolicy['trust'],
): readonly string[] {
  const policy = isFile(admissionPolicy) ? admissionPolicy : undefined;
  const named = [serveUsers, serveTlsCert, serveTlsKey, policy].filter((path) => path !== undefined);
  const trusted = trust === undefined ? [] : [trust.path, ...trust.files.map(({ path }) => path)];
  return [join(home, 'documents', TOKENS), ...named, ...trusted];
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  const family = isIP(host);
  return family === 0 ? host === 'localhost' : loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

async function readNamed(path: string, key: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    throw new SluiceError('BAD_SETTING', { key, value: path, reason: toSluiceError(thrown).message });
  }
}
