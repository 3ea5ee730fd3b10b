import { createHash, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SluiceError } from '../../base/index.js';
import { keyIdOf, openEnvelope, parsePublicKeys, signEnvelope, spkiOf } from '../dsse.js';
import { formatPieceManifest, parsePieceManifest, PIECE_MANIFEST_TYPE, type PieceManifest } from './piece-manifest.js';

const MIB = 2 ** 20;
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

const manifests: fc.Arbitrary<PieceManifest> = fc
  .record({
    of: fc.option(
      fc.record({ repository: fc.constant('hf:acme/tiny'), commit: fc.string({ minLength: 1, maxLength: 40 }) }),
    ),
    files: fc.uniqueArray(
      fc.record({
        name: fc.nat(10_000),
        paths: fc.uniqueArray(fc.stringMatching(/^[a-z/]{1,12}$/), { maxLength: 3 }),
        sizeBytes: fc.integer({ min: 1, max: 40 * MIB }),
        shift: fc.nat(6),
      }),
      { selector: ({ name }) => name, maxLength: 5 },
    ),
  })
  .map(({ of, files }) => ({
    ...(of === null ? {} : { of }),
    files: files
      .map(({ name, paths, sizeBytes, shift }) => {
        const pieceBytes = MIB * 2 ** shift;
        const sha256 = hash(String(name));
        const count = Math.ceil(sizeBytes / pieceBytes);
        const pieces = Array.from({ length: count }, (_, index) => (count === 1 ? sha256 : hash(`${name} ${index}`)));
        return {
          paths: paths.map((path) => `${name}/${path}`).sort(),
          sizeBytes,
          sha256,
          pieces: { pieceBytes, sha256: pieces },
        };
      })
      .sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1)),
  }));

describe('a piece manifest', () => {
  it('is read back as it was, and has one form', () => {
    fc.assert(
      fc.property(manifests, (manifest) => {
        const bytes = formatPieceManifest(manifest);
        expect(parsePieceManifest(bytes, 'it')).toEqual(manifest);
        expect(formatPieceManifest({ ...manifest, files: [...manifest.files].reverse() })).toEqual(bytes);
      }),
      { numRuns: 100 },
    );
  });

  it('with any byte changed is another one or none, and never anything but our error', () => {
    fc.assert(
      fc.property(manifests, fc.nat(), fc.nat(255), (manifest, place, byte) => {
        const bytes = formatPieceManifest(manifest);
        bytes[place % bytes.length] = byte;
        try {
          expect(formatPieceManifest(parsePieceManifest(bytes, 'it'))).toEqual(bytes);
        } catch (thrown) {
          expect((thrown as SluiceError).code).toBe('BAD_MANIFEST');
        }
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(() => parsePieceManifest(Buffer.from(text), 'it')).toThrow(
          expect.objectContaining({ code: 'BAD_MANIFEST' }),
        );
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['too few pieces', { pieces: [hash('a')] }],
    ['too many', { pieces: [hash('a'), hash('b'), hash('c')] }],
    ['a piece by CRC', { pieces: [hash('a'), '00000000'] }],
    ['pieces of another size', { pieceBytes: MIB + 1 }],
    ['tiny pieces', { pieceBytes: 1024 }],
    ['huge pieces', { pieceBytes: 2 ** 30 }],
    ['no size', { sizeBytes: 0 }],
    ['a path twice', { paths: ['a', 'a'] }],
    ['paths out of order', { paths: ['b', 'a'] }],
    ['more fields', { more: 1 }],
    ['one piece that is not the file', { sizeBytes: MIB, pieces: [hash('a')] }],
  ])('with %s is refused', (_, change) => {
    const entry = {
      paths: ['a'],
      pieceBytes: MIB,
      pieces: [hash('a'), hash('b')],
      sha256: hash('x'),
      sizeBytes: MIB + 5,
    };
    const sorted = (value: object): object =>
      Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    const textOf = (file: object): Buffer => Buffer.from(JSON.stringify({ files: [sorted(file)], pieceManifest: 1 }));
    expect(parsePieceManifest(textOf(entry), 'it').files).toHaveLength(1);
    expect(() => parsePieceManifest(textOf({ ...entry, ...change }), 'it')).toThrow(
      expect.objectContaining({ code: 'BAD_MANIFEST' }),
    );
  });

  it('of as many pieces as it likes has the bound of its length, which is looked at first', () => {
    const count = 100_000;
    const pieces = { pieceBytes: MIB, sha256: Array<string>(count).fill(hash('a')) };
    const bytes = formatPieceManifest({ files: [{ paths: [], sizeBytes: count * MIB, sha256: hash('x'), pieces }] });
    expect(parsePieceManifest(bytes, 'it').files[0]?.pieces.sha256.length).toBe(count);
    const millions = Buffer.alloc(64 * MIB + 1, ' ');
    bytes.copy(millions);
    expect(() => parsePieceManifest(millions, 'it')).toThrow('that long');
  });

  it('has each content and each path once', () => {
    const pieces = { pieceBytes: MIB, sha256: [hash('a'), hash('b')] };
    const [a = '', b = ''] = [hash('1'), hash('2')].sort();
    const entry = (sha256: string, ...paths: string[]) => ({ paths, sizeBytes: MIB + 1, sha256, pieces });
    const parse = (...files: PieceManifest['files']) => parsePieceManifest(formatPieceManifest({ files }), 'it');
    expect(parse(entry(a, 'x'), entry(b, 'y')).files).toHaveLength(2);
    expect(() => parse(entry(a, 'x'), entry(b, 'x'))).toThrow('twice');
    expect(() => parse(entry(a, 'x'), entry(a, 'y'))).toThrow('order');
  });
});

describe('an envelope', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const mine = parsePublicKeys(JSON.stringify({ keys: [{ publicKey: spkiOf(privateKey).toString('base64') }] }), 'it');
  const other = parsePublicKeys(
    generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }) as string,
    'it',
  );
  const payload = Buffer.from('{"a":1}');
  const signed = (): Record<string, unknown> =>
    JSON.parse(signEnvelope(PIECE_MANIFEST_TYPE, payload, privateKey)) as Record<string, unknown>;
  const codeOf = (value: unknown, trusted = mine): string => {
    try {
      openEnvelope(value, PIECE_MANIFEST_TYPE, trusted, 'it');
      return 'opened';
    } catch (thrown) {
      return (thrown as SluiceError).code;
    }
  };

  it('gives what a trusted key signed', () => {
    const opened = openEnvelope(signed(), PIECE_MANIFEST_TYPE, [...other, ...mine], 'it');
    expect(opened).toEqual({ payload, keyId: keyIdOf(privateKey) });
    const raw = spkiOf(privateKey).subarray(12).toString('base64');
    expect(codeOf(signed(), parsePublicKeys(`ed25519:${raw}`, 'it'))).toBe('opened');
  });

  it('of another key, another payload or another type is refused, each in its way', () => {
    expect(codeOf(signed(), other)).toBe('UNTRUSTED_KEY');
    expect(codeOf({ ...signed(), payload: Buffer.from('{"a":2}').toString('base64') })).toBe('BAD_SIGNATURE');
    expect(codeOf(JSON.parse(signEnvelope('text/plain', payload, privateKey)))).toBe('BAD_MANIFEST');
    // The same bytes, signed as something else.
    const moved = {
      ...(JSON.parse(signEnvelope('text/plain', payload, privateKey)) as object),
      payloadType: PIECE_MANIFEST_TYPE,
    };
    expect(codeOf(moved)).toBe('BAD_SIGNATURE');
  });

  it('with any change is refused', () => {
    const text = signEnvelope(PIECE_MANIFEST_TYPE, payload, privateKey);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 }), (at, code) => {
        const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
        if (changed === text) return;
        let value: unknown;
        try {
          value = JSON.parse(changed);
        } catch {
          return;
        }
        expect(['BAD_MANIFEST', 'BAD_SIGNATURE', 'UNTRUSTED_KEY']).toContain(codeOf(value));
      }),
      { numRuns: 300 },
    );
    fc.assert(fc.property(fc.jsonValue(), (value) => codeOf(value) === 'BAD_MANIFEST'));
  });
});
