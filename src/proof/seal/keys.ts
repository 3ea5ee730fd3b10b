import type { KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { errnoOf, SluiceError, toSluiceError } from '../../base/index.js';
import { parseX25519Private, parseX25519Public } from './x25519.js';

/** What may open a sealed file. */
export type SealKey =
  | { readonly kind: 'x25519'; readonly privateKey: KeyObject }
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'command'; readonly command: string };

/** For whom a file is sealed. */
export type SealTarget =
  | { readonly kind: 'x25519'; readonly publicKey: KeyObject }
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'command'; readonly command: string };

const MOST_KEY_FILE_BYTES = 2 ** 16;
const LEAST_PASSPHRASE = 8;

export interface KeySurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of a relative name. */
  readonly resolve: (path: string) => string;
}

/**
 * A key as `--key` names it: `env:NAME`, `cmd:COMMAND`, or a file. What a file or variable holds is an X25519 key (PKCS #8 in PEM, or of `age-keygen`), and a passphrase
 * when it looks like no key at all.
 * @throws SluiceError USAGE, FILE_SYSTEM
 */
export async function readSealKey(text: string, surroundings: KeySurroundings): Promise<SealKey> {
  if (text.startsWith('cmd:')) return { kind: 'command', command: nonEmpty(text.slice(4), text) };
  const content = await contentOf(text, surroundings);
  const privateKey = parseX25519Private(content);
  if (privateKey !== undefined) return { kind: 'x25519', privateKey };
  if (/-----BEGIN |AGE-SECRET-KEY-/.test(content)) throw unfit(text, 'it is no X25519 private key');
  return { kind: 'passphrase', passphrase: nonEmpty(withoutLineEnd(content), text) };
}

/** Whom `--to` names: `age1…`, `cmd:COMMAND`, or a file with an X25519 public key. @throws SluiceError USAGE, FILE_SYSTEM */
export async function readSealTarget(text: string, surroundings: KeySurroundings): Promise<SealTarget> {
  if (text.startsWith('cmd:')) return { kind: 'command', command: nonEmpty(text.slice(4), text) };
  const content = text.startsWith('age1') ? text : await contentOf(text, surroundings);
  const publicKey = parseX25519Public(content);
  if (publicKey === undefined) throw unfit(text, 'it is no X25519 public key');
  return { kind: 'x25519', publicKey };
}

/** What `--passphrase` names: `env:NAME` or a file; one line end is left out. @throws SluiceError USAGE, FILE_SYSTEM */
export async function readPassphrase(text: string, surroundings: KeySurroundings): Promise<SealTarget> {
  const passphrase = withoutLineEnd(await contentOf(text, surroundings));
  if (passphrase.length < LEAST_PASSPHRASE)
    throw unfit(text, `a passphrase has at least ${LEAST_PASSPHRASE} characters`);
  return { kind: 'passphrase', passphrase };
}

async function contentOf(text: string, { env, resolve }: KeySurroundings): Promise<string> {
  if (text.startsWith('env:')) return nonEmpty(env[text.slice(4)] ?? '', text);
  const path = resolve(text);
  try {
    if ((await stat(path)).size > MOST_KEY_FILE_BYTES) throw unfit(text, 'no key is that long');
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') throw unfit(text, 'there is no such file');
    throw toSluiceError(thrown);
  }
}

function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function nonEmpty(value: string, text: string): string {
  if (value.trim() === '') throw unfit(text, 'it is empty');
  return value;
}

/** Names of files and variables only: a key that was given in place of its name is not repeated. */
function unfit(text: string, reason: string): SluiceError {
  return new SluiceError('USAGE', {
    reason: `"${text.slice(0, 12)}${text.length > 12 ? '…' : ''}" is no key: ${reason}.`,
  });
}
