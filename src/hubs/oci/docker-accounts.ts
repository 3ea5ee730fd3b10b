import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, SluiceError, toSluiceError } from '../../base/index.js';
import { parseJson } from '../../net/index.js';
import { asObject, asString, field, type JsonObject } from '../fields.js';
import type { RegistryAccount } from './registry-requests.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What Docker Hub is called in the files of accounts. */
const DOCKER_HUB = 'https://index.docker.io/v1/';
/** Helpers answer so for a token that stands in for a password at the token service itself (OAuth 2). */
const TOKEN_NAME = '<token>';
const HELPER_MS = 30_000;
const MOST_HELPER_BYTES = 64 * 1024;

/**
 * The account for a registry in the files that `docker login`, `podman login` and their kin keep: inline, or from the program (`docker-credential-…`) that they name.
 * Undefined where there is none; then the registry is asked as anybody. `missing` is told of a program that is named and cannot be started, where no account is found without it.
 * @throws SluiceError BAD_SETTING for a file that nobody can read, or an account of a kind that is not known here
 */
export async function dockerAccount(
  host: string,
  env: Environment,
  missing: (program: string) => void,
): Promise<RegistryAccount | undefined> {
  const absent: string[] = [];
  for (const path of filesOf(env)) {
    const config = await configAt(path);
    const asking = { env, absent: (program: string) => absent.push(program) };
    const account = config === undefined ? undefined : await accountIn(config, path, host, asking);
    if (account !== undefined) return account;
  }
  const [program] = absent;
  if (program !== undefined) missing(program);
  return undefined;
}

interface Asking {
  readonly env: Environment;
  /** Told of programs that cannot be started. */
  readonly absent: (program: string) => void;
}

function filesOf({ REGISTRY_AUTH_FILE, DOCKER_CONFIG, XDG_RUNTIME_DIR, HOME }: Environment): readonly string[] {
  if (REGISTRY_AUTH_FILE) return [REGISTRY_AUTH_FILE];
  const home = HOME || homedir();
  return [
    join(DOCKER_CONFIG || join(home, '.docker'), 'config.json'),
    ...(XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, 'containers', 'auth.json')] : []),
    join(home, '.config', 'containers', 'auth.json'),
  ];
}

async function configAt(path: string): Promise<JsonObject | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(thrown) ?? '')) return undefined;
    throw toSluiceError(thrown, { path });
  }
  const outcome = parseJson(bytes);
  const config = 'value' in outcome ? asObject(outcome.value) : undefined;
  if (config === undefined) throw unreadable(path, 'no JSON object');
  return config;
}

async function accountIn(
  config: JsonObject,
  path: string,
  host: string,
  asking: Asking,
): Promise<RegistryAccount | undefined> {
  const names = host === 'registry-1.docker.io' ? [DOCKER_HUB, 'docker.io', host] : [host, `https://${host}`];
  const helpers = asObject(field(config, 'credHelpers'));
  for (const name of names) {
    const helper = asString(field(helpers, name));
    if (helper !== undefined) return fromHelper(helper, name, asking);
  }
  const auths = asObject(field(config, 'auths'));
  for (const name of names) {
    const entry = asObject(field(auths, name));
    const account = entry === undefined ? undefined : inline(entry, path);
    if (account !== undefined) return account;
  }
  const store = asString(field(config, 'credsStore'));
  if (!store) return undefined;
  for (const name of names) {
    const account = await fromHelper(store, name, asking);
    if (account !== undefined) return account;
  }
  return undefined;
}

function inline(entry: JsonObject, path: string): RegistryAccount | undefined {
  if (asString(field(entry, 'identitytoken'))) throw unreadable(path, 'an identity token, where a password is wanted');
  const [name, password] = [asString(field(entry, 'username')), asString(field(entry, 'password'))];
  if (name && password) return { name, password };
  const auth = asString(field(entry, 'auth'));
  if (!auth) return undefined;
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) throw unreadable(path, 'an account without a name');
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** The protocol of docker-credential-helpers: the name of the server in, an object out; a refusal means that there is no account. */
async function fromHelper(
  helper: string,
  server: string,
  { env, absent }: Asking,
): Promise<RegistryAccount | undefined> {
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper)) throw unreadable(program, 'not the name of a program');
  const answered = await run(program, server, env);
  if (answered === undefined) absent(program);
  if (answered?.code !== 0) return undefined;
  const { output } = answered;
  const outcome = parseJson(output);
  const answer = 'value' in outcome ? asObject(outcome.value) : undefined;
  const [name, password] = [asString(field(answer, 'Username')), asString(field(answer, 'Secret'))];
  if (name === undefined || password === undefined) throw unreadable(program, 'an answer that is no account');
  if (name === TOKEN_NAME) throw unreadable(program, 'an identity token, where a password is wanted');
  return { name, password };
}

/** Undefined where there is no such program, or none that this user may start. */
function run(
  program: string,
  input: string,
  env: Environment,
): Promise<{ readonly code: number | null; readonly output: Buffer } | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], env, timeout: HELPER_MS });
    const chunks: Buffer[] = [];
    let bytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MOST_HELPER_BYTES) child.kill();
      else chunks.push(chunk);
    });
    child.once('error', (error) => {
      if (['ENOENT', 'EACCES', 'ENOTDIR'].includes(errnoOf(error) ?? '')) resolve(undefined);
      else reject(unreadable(program, error.message));
    });
    child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks) }));
    // It may be gone without having read; its end says so.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${input}\n`);
  });
}

function unreadable(path: string, reason: string): SluiceError {
  return new SluiceError('BAD_SETTING', { key: 'registry account', value: path, reason });
}
