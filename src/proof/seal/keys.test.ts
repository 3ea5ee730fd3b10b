import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bech32Bytes } from './bech32.js';
import { readPassphrase, readSealKey, readSealTarget } from './keys.js';
import { parseX25519Private, parseX25519Public, rawPublic } from './x25519.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-keys-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const around = (env: Record<string, string> = {}) => ({ env, resolve: (path: string) => join(folder, path) });
/** A pair in the form of age-keygen, its checksums made by the reference code of BIP 173. */
const AGE_SECRET = 'AGE-SECRET-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0SWRYDWG';
const AGE_PUBLIC = 'age13aqvttdk3ujkyjh9kg2w5an6dmy5mq5a84a4uxk3hfhnugfc9p0sy5p2wh';

describe('a key', () => {
  it('of age is the pair that it says', () => {
    const secret = parseX25519Private(`# created: today\n# public key: ${AGE_PUBLIC}\n${AGE_SECRET}\n`);
    const open = parseX25519Public(AGE_PUBLIC);
    if (secret === undefined || open === undefined) throw new Error('not read');
    expect(rawPublic(secret)).toEqual(rawPublic(open));
  });

  it('comes from a file, a variable, or a program', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('x25519');
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
    await writeFile(join(folder, 'key.pem'), pem);
    await writeFile(join(folder, 'pub.pem'), publicKey.export({ format: 'pem', type: 'spki' }) as string);
    await writeFile(join(folder, 'words'), 'correct horse\n');
    expect(await readSealKey('key.pem', around())).toMatchObject({ kind: 'x25519' });
    expect(await readSealKey('env:KEY', around({ KEY: pem }))).toMatchObject({ kind: 'x25519' });
    expect(await readSealKey('words', around())).toEqual({ kind: 'passphrase', passphrase: 'correct horse' });
    expect(await readPassphrase('words', around())).toEqual({ kind: 'passphrase', passphrase: 'correct horse' });
    expect(await readSealKey('cmd:kms unwrap', around())).toEqual({ kind: 'command', command: 'kms unwrap' });
    expect(await readSealTarget('pub.pem', around())).toMatchObject({ kind: 'x25519' });
    expect(await readSealTarget(AGE_PUBLIC, around())).toMatchObject({ kind: 'x25519' });
  });

  it.each(['missing', 'env:NONE', 'cmd:', 'ed.pem'])('that is none is refused: %s', async (text) => {
    const { privateKey } = generateKeyPairSync('ed25519');
    await writeFile(join(folder, 'ed.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
    await expect(readSealKey(text, around())).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('given in place of its name is not repeated', async () => {
    const error = await readSealKey(AGE_SECRET, around()).then(undefined, String);
    expect(error).not.toContain(AGE_SECRET.slice(16, 40));
  });
});

describe('Bech32', () => {
  it('finds a wrong letter', () => {
    const body = AGE_PUBLIC.slice(4);
    fc.assert(
      fc.property(
        fc.nat(body.length - 1),
        fc.constantFrom(...Array.from('qpzry9x8gf2tvdw0s3jn54khce6mua7l')),
        (at, letter) => {
          const changed = `age1${body.slice(0, at)}${letter}${body.slice(at + 1)}`;
          expect(bech32Bytes(changed, 'age') === undefined).toBe(changed !== AGE_PUBLIC);
        },
      ),
    );
    expect(bech32Bytes(`Age1${body}`, 'age')).toBeUndefined();
    expect(bech32Bytes(AGE_PUBLIC, 'ag')).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => bech32Bytes(`age1${text}`, 'age') === undefined));
  });
});
