import { randomBytes, scrypt } from 'node:crypto';
import { SluiceError } from '../../base/index.js';
import type { SealCore, SealHeader, SealRecipient } from './header.js';
import { brokenSeal, wrongKey } from './errors.js';
import { runKeyCommand } from './key-command.js';
import { FILE_KEY_BYTES, isMacRight } from './key-schedule.js';
import type { SealKey, SealTarget } from './keys.js';
import { rawPublic, unwrapUnder, unwrapWithX25519, wrapForX25519, wrapUnder, x25519KeyId } from './x25519.js';

/** About 0.3 s and 128 MiB. */
const SCRYPT_N = 2 ** 17;
const SCRYPT_R = 8;
/** How often commands are asked about one header, which may be anybody's: each may take minutes, money or a person. */
const MOST_COMMANDS = 8;

/** Wraps a file key for somebody. @throws SluiceError WRONG_KEY when a command refuses */
export async function wrapFor(
  target: SealTarget,
  fileKey: Buffer,
  { fileId }: Pick<SealCore, 'fileId'>,
  signal?: AbortSignal,
): Promise<SealRecipient> {
  const id = Buffer.from(fileId, 'base64');
  switch (target.kind) {
    case 'x25519': {
      const { epk, wrapped } = wrapForX25519(target.publicKey, fileKey, id);
      const kid = x25519KeyId(rawPublic(target.publicKey));
      return { alg: 'X25519-HKDF-SHA256', kid, epk: epk.toString('base64'), wrapped: wrapped.toString('base64') };
    }
    case 'passphrase': {
      const salt = randomBytes(16);
      const key = await passphraseKey(target.passphrase, salt, SCRYPT_N);
      const wrapped = wrapUnder(key, fileKey, id).toString('base64');
      return { alg: 'scrypt', kid: 'passphrase', n: SCRYPT_N, salt: salt.toString('base64'), wrapped };
    }
    case 'command': {
      const wrapped = await runKeyCommand(target.command, { operation: 'wrap', fileId, bytes: fileKey }, signal);
      return { alg: 'command', kid: 'command', wrapped: wrapped.toString('base64') };
    }
  }
}

/**
 * The file key, by whichever key opens it; the header is authentic then.
 * @throws SluiceError BROKEN_SEAL when a key fits and the header is not what was written, whatever other keys say; WRONG_KEY when none does, with all that was said
 */
export async function fileKeyOf(
  header: SealHeader,
  keys: readonly SealKey[],
  name: string,
  signal?: AbortSignal,
): Promise<Buffer> {
  const failures: unknown[] = [];
  let commands = 0;
  for (const { recipient, key } of waysInto(header, keys)) {
    if (key.kind === 'command' && ++commands > MOST_COMMANDS) continue;
    try {
      const fileKey = await unwrap(recipient, key, header, name, signal);
      if (fileKey === undefined) continue;
      if (fileKey.length === FILE_KEY_BYTES && isMacRight(fileKey, header)) return fileKey;
      failures.push(brokenSeal(name, 'its header is not the one that was written'));
    } catch (thrown) {
      signal?.throwIfAborted();
      failures.push(thrown);
    }
  }
  throw whyNone(failures, wrongKey(name, `it is sealed for ${header.recipients.map(({ kid }) => kid).join(', ')}`));
}

/** Of several failures the one that says most: a key that fits tells what the others cannot. Where none does, what each of them says. */
function whyNone(failures: readonly unknown[], otherwise: SluiceError): unknown {
  const broken = failures.find((each) => each instanceof SluiceError && each.code === 'BROKEN_SEAL');
  const others = failures.filter((each) => !(each instanceof SluiceError && each.code === 'WRONG_KEY'));
  if (broken !== undefined || others.length > 0) return broken ?? others[0];
  const [first, ...more] = failures.filter((each) => each instanceof SluiceError);
  if (first === undefined) return otherwise;
  const said = new Set([first, ...more].map(({ details }) => String(details.reason)));
  return said.size === 1 ? first : wrongKey(String(first.details.path), [...said].join('; '));
}

const ALGORITHMS = { x25519: 'X25519-HKDF-SHA256', passphrase: 'scrypt', command: 'command' } as const;

/** Every recipient that a key may be of. One that fails says nothing of the next: a command knows its own wrapping only. */
function waysInto({ recipients }: SealHeader, keys: readonly SealKey[]): { recipient: SealRecipient; key: SealKey }[] {
  return keys.flatMap((key) =>
    recipients.filter(({ alg }) => alg === ALGORITHMS[key.kind]).map((recipient) => ({ recipient, key })),
  );
}

async function unwrap(
  recipient: SealRecipient,
  key: SealKey,
  { fileId }: SealHeader,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Buffer | undefined> {
  const id = Buffer.from(fileId, 'base64');
  const wrapped = Buffer.from(recipient.wrapped, 'base64');
  if (recipient.alg === 'X25519-HKDF-SHA256' && key.kind === 'x25519') {
    if (x25519KeyId(rawPublic(key.privateKey)) !== recipient.kid) return undefined;
    const opened = unwrapWithX25519(key.privateKey, { epk: Buffer.from(recipient.epk, 'base64'), wrapped }, id);
    if (opened === undefined) throw brokenSeal(name, 'the key that was wrapped for this one is damaged');
    return opened;
  }
  if (recipient.alg === 'scrypt' && key.kind === 'passphrase')
    return unwrapUnder(
      await passphraseKey(key.passphrase, Buffer.from(recipient.salt, 'base64'), recipient.n),
      wrapped,
      id,
    );
  if (recipient.alg === 'command' && key.kind === 'command')
    return runKeyCommand(key.command, { operation: 'unwrap', fileId, bytes: wrapped }, signal);
  return undefined;
}

function passphraseKey(passphrase: string, salt: Buffer, n: number): Promise<Buffer> {
  const labelled = Buffer.concat([Buffer.from('sluice-seal/1 scrypt'), salt]);
  const options = { N: n, r: SCRYPT_R, p: 1, maxmem: 128 * SCRYPT_R * (n + 32) };
  return new Promise((resolve, reject) => {
    scrypt(passphrase, labelled, 32, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
