import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SluiceError, toSluiceError } from '../../base/index.js';
import { readCertificates } from '../certificates/certificate.js';
import { readOcspResponses } from '../certificates/ocsp/response.js';
import { readRevocationLists } from '../certificates/revocation.js';
import { parseSpiffeId } from '../certificates/spiffe-id.js';
import { SignatureFault } from '../signature-fault.js';
import { readPublicKey } from '../signatures/keys.js';
import { LEVELS, METHODS, type Acceptance, type TrustFile, type TrustPolicy, type TrustRule } from './policy.js';
import { parseTrustedRoot } from './trusted-root.js';
import { PolicyTable } from './table.js';

/**
 * Reads a trust policy and every key and certificate that it names; their paths are relative to its folder. Nothing is trusted that it does not name.
 * @throws SluiceError BAD_TRUST_POLICY naming the line or field
 */
export async function readTrustPolicy(path: string): Promise<TrustPolicy> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    throw toSluiceError(thrown, { path });
  }
  return parseTrustPolicy(text, path);
}

export async function parseTrustPolicy(text: string, path: string): Promise<TrustPolicy> {
  const { parse, TomlError } = await import('smol-toml');
  let root: Record<string, unknown>;
  try {
    root = parse(text);
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown;
    const reason = thrown.message.split('\n')[0] ?? '';
    throw new SluiceError('BAD_TRUST_POLICY', { path, line: thrown.line, reason });
  }
  const table = new PolicyTable(root, '', path);
  if (!table.has('version') || table.count('version', 1) !== 1) throw table.fault('version', 'must be 1');
  const tables = table.tables('rule');
  table.end();
  if (tables.length === 0) throw table.fault('rule', 'is missing: a policy without rules trusts nobody');
  const rules = [];
  const files: TrustFile[] = [];
  const readNamed = async (named: string): Promise<Buffer> => {
    const at = resolve(dirname(path), named);
    const bytes = await readFile(at);
    files.push({ path: at, sha256: sha256Of(bytes) });
    return bytes;
  };
  const seen = new Set<string>();
  for (const one of tables) {
    const rule = await readRule(one, readNamed);
    for (const scope of rule.scopes) {
      if (seen.has(scope)) throw one.fault('scopes', `has ${scope}, which another rule has`);
      seen.add(scope);
    }
    rules.push(rule);
  }
  return { path, digest: sha256Of(text), files, rules };
}

function sha256Of(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Reads a file by its path as the policy has it. */
type ReadNamed = (path: string) => Promise<Buffer>;

const SCOPE = /^(?:\*|(?:hf|ms|oci|https?|file):[^\s*]*[^\s*/](?:\/\*)?|file:\/\*)$/;

async function readRule(table: PolicyTable, readNamed: ReadNamed): Promise<TrustRule> {
  const name = table.text('name');
  const scopes = table.texts('scopes');
  if (scopes.length === 0) throw table.fault('scopes', 'must name at least one');
  for (const scope of scopes)
    if (!SCOPE.test(scope))
      throw table.fault(
        'scopes',
        `has ${scope}: write hf:org/name, hf:org/*, oci:host/name, https://host/path, file:/path or *`,
      );
  const level = table.oneOf('level', LEVELS, 'strict');
  const minimum = table.count('minimum', 1);
  const unverifiedFiles = table.oneOf('unverified-files', ['refuse', 'warn'], 'refuse');
  const accept = [];
  for (const one of table.tables('accept')) accept.push(await readAcceptance(one, readNamed));
  table.end();
  if (level !== 'skip' && accept.length === 0) throw table.fault('accept', 'is missing: the rule accepts nobody');
  return { name, scopes, level, minimum, unverifiedFiles, accept };
}

async function readAcceptance(table: PolicyTable, readNamed: ReadNamed): Promise<Acceptance> {
  const files = async <T>(name: string, read: (bytes: Buffer) => readonly T[]): Promise<readonly T[]> => {
    const found: T[] = [];
    for (const path of table.texts(name)) {
      try {
        found.push(...read(await readNamed(path)));
      } catch (thrown) {
        if (thrown instanceof SignatureFault) throw table.fault(name, `has ${path}: ${thrown.message}`);
        throw table.fault(name, `has ${path}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      }
    }
    return found;
  };
  const key = (bytes: Buffer) => [readPublicKey(bytes)];
  const method = table.oneOf('method', METHODS);
  const trusted = await files('trusted-root', (bytes) => [parseTrustedRoot(bytes)]);
  const lists = await files('crls', readRevocationLists);
  const responses = await files('ocsp-responses', readOcspResponses);
  const ocsp = table.oneOf('ocsp', ['off', 'ask'], 'off');
  const isKnown = lists.length > 0 || responses.length > 0 || ocsp === 'ask';
  const acceptance: Acceptance = {
    method,
    keys: await files('keys', key),
    roots: [...(await files('roots', readCertificates)), ...trusted.flatMap((one) => one.roots)],
    intermediates: trusted.flatMap((one) => one.intermediates),
    timestampRoots: [
      ...(await files('timestamp-roots', readCertificates)),
      ...trusted.flatMap((one) => one.timestampRoots),
    ],
    logKeys: [...(await files('logs', key)), ...trusted.flatMap((one) => one.logKeys)],
    certificateLogKeys: [
      ...(await files('certificate-logs', key)),
      ...trusted.flatMap((one) => one.certificateLogKeys),
    ],
    identities: table.texts('identities'),
    issuer: table.optionalText('issuer'),
    profile: table.oneOf(
      'profile',
      ['code-signing', 'compatible', 'spiffe', 'notation'],
      method === 'notation' ? 'notation' : 'code-signing',
    ),
    ...{ lists, responses, ocsp },
    responder: table.optionalText('ocsp-responder'),
    revocation: table.oneOf('revocation', ['enforce', 'log', 'skip'], isKnown ? 'enforce' : 'skip'),
  };
  table.end();
  checkWhole(acceptance, table);
  return acceptance;
}

const IDENTITY = /^(?:email|uri|dns|subject):.+$/;

/** An acceptance that names roots and no identity would accept everybody whom these certify. */
function checkWhole(acceptance: Acceptance, table: PolicyTable): void {
  const { method, keys, roots, identities, issuer, logKeys, certificateLogKeys, profile, responder } = acceptance;
  const isKeyless = method.endsWith('-keyless');
  if (method === 'oms-key' || method === 'cosign-key' || method === 'detached') {
    if (keys.length === 0) throw table.fault('keys', 'must name at least one file');
    if (roots.length > 0) throw table.fault('roots', `do not go with ${method}`);
    return;
  }
  if (responder !== undefined && (acceptance.ocsp !== 'ask' || !isWebUrl(responder)))
    throw table.fault('ocsp-responder', 'must be an http:// or https:// URL, and goes with ocsp = "ask"');
  if (keys.length > 0) throw table.fault('keys', `do not go with ${method}`);
  if (roots.length === 0) throw table.fault('roots', 'must name at least one file: there are no roots by default');
  if (identities.length === 0) throw table.fault('identities', 'must name who may sign');
  for (const one of identities)
    if (!IDENTITY.test(one))
      throw table.fault('identities', `has ${one}: write email:, uri:, dns: or subject: before it`);
  if (isKeyless && (issuer === undefined || logKeys.length === 0 || certificateLogKeys.length === 0))
    throw table.fault(
      'issuer',
      'and the keys of both logs are needed: give trusted-root, or logs and certificate-logs',
    );
  if (profile !== 'spiffe') return;
  const domains = identities.map((one) => parseSpiffeId(one.replace(/^uri:/, ''))?.trustDomain);
  if (domains.includes(undefined) || new Set(domains).size !== 1)
    throw table.fault('identities', 'must be SPIFFE IDs of one trust domain, whose bundle the roots are');
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
