import { gzipSync, deflateSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanFile, type FileScan } from '../scan-file.js';
import { sourceOfBuffer } from '../sources.js';
import { PICKLE } from './pickle.js';
import { calling, imported, shortText, stream } from './testing/streams.js';
import { writePickle } from './testing/write-pickle.js';

const scan = (bytes: Buffer, name = 'model.pkl'): Promise<FileScan> =>
  scanFile(sourceOfBuffer(bytes), name, { formats: [PICKLE] });
const rulesOf = ({ findings }: FileScan): string[] => findings.map(({ rule }) => rule);

const BUTTER = stream('cos\nsystem\n(X', Buffer.from([4, 0, 0, 0]), 'true', 'tR.');
const textOf = (text: string): Buffer =>
  stream(0x80, 4, 'X', Buffer.from(Uint32Array.of(text.length).buffer), text, '.');
const bytesOf = (bytes: Buffer): Buffer => writePickle([bytes]);

it('what is known against a name is told once', async () => {
  const { findings } = await scan(BUTTER);
  const told = findings.filter(({ rule }) => rule.startsWith('PKL-IMPORT'));
  expect(told).toMatchObject([{ rule: 'PKL-IMPORT-DENY', evidence: 'os.system: os runs programs or code' }]);
});

/** Ways past scanners that were published between 2024 and 2026, each in a stream of our own. */
const BYPASSES: readonly (readonly [name: string, bytes: Buffer, rule: string])[] = [
  ['a call that is popped at once', stream('(cos\nsystem\nV:\no0N.'), 'PKL-IMPORT-DENY'],
  ['INST', stream('(V:\nios\nsystem\n.'), 'PKL-IMPORT-DENY'],
  ['a path through a harmless module', calling('pathlib', 'os.system'), 'PKL-IMPORT-DENY'],
  ['a path through the dictionary of a function', calling('collections', 'namedtuple.__globals__'), 'PKL-IMPORT-DENY'],
  [
    'a path to what is harmless elsewhere',
    stream(0x80, 4, imported('numpy', 'core.multiarray.scalar'), '.'),
    'PKL-IMPORT-UNKNOWN',
  ],
  ['a submodule of what is denied', calling('numpy.testing._private.utils', 'runstring'), 'PKL-IMPORT-DENY'],
  ['a module that no list has', calling('acme.tools', 'go'), 'PKL-IMPORT-UNKNOWN'],
  ['an import without a call', stream(0x80, 4, imported('acme', 'go'), '.'), 'PKL-IMPORT-UNKNOWN'],
  ['names of Python 2', stream('c__builtin__\neval\n.'), 'PKL-IMPORT-DENY'],
  ['a module that is renamed while reading', stream('ccommands\ngetoutput\n.'), 'PKL-IMPORT-DENY'],
  [
    'an opcode across a frame',
    stream(0x80, 4, 0x95, Buffer.from('0200000000000000', 'hex'), imported('os', 'system'), '.'),
    'PKL-NONCANONICAL',
  ],
  [
    'a frame in a frame',
    stream(0x80, 4, 0x95, Buffer.from('0b00000000000000', 'hex'), 0x95, Buffer.from('0200000000000000', 'hex'), 'N.'),
    'PKL-NONCANONICAL',
  ],
  ['a number of the extension registry', stream(0x80, 2, 0x82, 1, ')R.'), 'PKL-EXTENSION'],
  ['attributes of a module', stream(0x80, 4, imported('torch', 'nn'), '}', shortText('x'), 'Nsb.'), 'PKL-BUILD-GLOBAL'],
  [
    'slots of a module',
    stream(0x80, 4, imported('numpy', 'size'), 'N}', shortText('x'), 'Ns', 0x86, 'b.'),
    'PKL-BUILD-GLOBAL',
  ],
  [
    'entries of a module’s dictionary',
    stream(0x80, 4, imported('acme', 'registry'), shortText('x'), 'Ns.'),
    'PKL-BUILD-GLOBAL',
  ],
  [
    'a name out of the memo',
    stream(0x80, 4, shortText('system'), 0x94, '0', shortText('os'), 'h', 0, 0x93, '.'),
    'PKL-IMPORT-DENY',
  ],
  [
    'a name under a mark that is dropped',
    stream(0x80, 4, shortText('os'), '(', shortText('x'), '1', shortText('system'), 0x93, '.'),
    'PKL-IMPORT-DENY',
  ],
  [
    'a name that an import gives',
    stream(0x80, 4, imported('acme', 'name'), shortText('system'), 0x93, '.'),
    'PKL-IMPORT-UNKNOWN',
  ],
  [
    'a name that is a number',
    stream(0x80, 4, 'K', 42, shortText('os'), 0x93, '0', imported('os', 'system'), '.'),
    'PKL-IMPORT-DENY',
  ],
  ['an entry that the memo has not', stream(0x80, 4, 'h', 9, '0', imported('os', 'system'), '.'), 'PKL-IMPORT-DENY'],
  ['a second pickle behind the first', stream('N.', calling('os', 'system')), 'PKL-IMPORT-DENY'],
  ['a break behind the call', stream(calling('os', 'system').subarray(0, -1), 'X'), 'PKL-IMPORT-DENY'],
  ['a pickle in base64', textOf(BUTTER.toString('base64')), 'PKL-IMPORT-DENY'],
  ['a pickle in hex', textOf(BUTTER.toString('hex')), 'PKL-IMPORT-DENY'],
  ['a pickle in bytes', bytesOf(BUTTER), 'PKL-IMPORT-DENY'],
  ['a pickle in zlib in bytes', bytesOf(deflateSync(BUTTER)), 'PKL-IMPORT-DENY'],
  ['a pickle in a pickle in a pickle', bytesOf(bytesOf(calling('os', 'system'))), 'PKL-IMPORT-DENY'],
  ['a pickle in an old string with escapes', stream("S'cos\\nsystem\\n)R.'\n."), 'PKL-IMPORT-DENY'],
  ['a number in base 8', stream('I010\n.'), 'PKL-NONCANONICAL'],
  ['a number in base 16', stream('L0x10L\n.'), 'PKL-NONCANONICAL'],
  ['a persistent id', stream(0x80, 2, 'K', 1, 'Q.'), 'PKL-PERSID'],
  [
    'another codec',
    stream(0x80, 2, 'c_codecs\nencode\n', 'X', 1, 0, 0, 0, 'x', 'X', 5, 0, 0, 0, 'rot13', 0x86, 'R.'),
    'PKL-CALL',
  ],
  [
    'a very long bytearray',
    stream(0x80, 4, imported('builtins', 'bytearray'), 'J', Buffer.from('ffffff7f', 'hex'), 0x85, 'R.'),
    'PKL-CALL',
  ],
  ['getattr', calling('builtins', 'getattr'), 'PKL-IMPORT-DENY'],
  ['loading by torch', calling('torch.storage', '_load_from_bytes'), 'PKL-IMPORT-DENY'],
];

describe('ways past scanners', () => {
  it.each(BYPASSES)('%s', async (_name, bytes, rule) => {
    const seen = await scan(bytes);
    expect(seen.verdict).not.toBe('CLEAN');
    expect(rulesOf(seen)).toContain(rule);
  });

  it.each(BYPASSES)('%s, whatever the file is called, is not clean', async (_name, bytes) => {
    expect((await scan(bytes, 'weights.bin')).verdict).not.toBe('CLEAN');
  });

  it('writing into what is shared is told as the call that it is', async () => {
    const { verdict, inventory } = await scan(stream(0x80, 4, imported('acme', 'thing'), '}', shortText('x'), 'Nsb.'));
    expect([verdict, inventory.calls]).toEqual(['FINDINGS', ['acme.thing.__setstate__']]);
  });

  it('a gzip in bytes is handed on', async () => {
    const seen = await scan(bytesOf(gzipSync(BUTTER)));
    expect(seen).toMatchObject({ verdict: 'NOT_SCANNED', members: [{ members: ['value@9'] }] });
  });
});

interface Fixtures {
  readonly fixtures: readonly (readonly [file: string, names: readonly (readonly [string, string, string])[]])[];
}
const { fixtures } = JSON.parse(
  readFileSync(new URL('testing/picklescan-names.json', import.meta.url), 'utf8'),
) as Fixtures;

describe('what picklescan’s fixtures import', () => {
  it.each(fixtures)('%s', async (_file, names) => {
    for (const [module, name, safety] of names) {
      const streams = [calling(module, name), stream(`(c${module}\n${name}\no.`), stream(`(i${module}\n${name}\n.`)];
      for (const bytes of streams) {
        const { verdict, inventory } = await scan(bytes);
        expect(['FINDINGS', 'ERROR', ...(safety === 'Dangerous' ? [] : ['REVIEW'])]).toContain(verdict);
        expect(inventory.imports).toContain(`${module}.${name}`);
      }
    }
  });
});

describe('harmless pickles', () => {
  const ordered = stream(
    0x80,
    2,
    'ccollections\nOrderedDict\n)R(X',
    1,
    0,
    0,
    0,
    'aK',
    1,
    'u}X',
    9,
    0,
    0,
    0,
    '_metadata}sb.',
  );
  const array = stream(
    ...[0x80, 3, 'cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK', 0, 0x85, 'C', 1, 'b', 0x87, 'R'],
    ...['(K', 1, 'K', 2, 0x85, 'cnumpy\ndtype\n', 'X', 2, 0, 0, 0, 'f4', 0x89, 0x88, 0x87, 'R'],
    ...['(K', 3, 'X', 1, 0, 0, 0, '<NNNJ', 255, 255, 255, 255, 'J', 255, 255, 255, 255, 'K', 0, 'tb'],
    ...[0x89, 'C', 8, 'abcdefgh', 'tb.'],
  );
  it.each([
    ['data', writePickle([{ dict: [['a', 1n]] }, 'text\nwith lines\nc and more\n', Buffer.from([0x80, 2, 0, 1])])],
    ['an ordered dictionary with attributes', ordered],
    ['an array of numpy', array],
    ['a set of old protocols', stream(0x80, 2, 'c__builtin__\nset\n](K', 1, 'e', 0x85, 'R.')],
    ['several, one behind the other', stream(writePickle(1n), writePickle('two'))],
  ])('%s', async (_name, bytes) => {
    const { verdict, findings } = await scan(bytes);
    expect(findings).toEqual([]);
    expect(verdict).toBe('CLEAN');
  });

  it('are not an array with another class, or a type by another name', async () => {
    const change = (from: string, to: string): Buffer =>
      Buffer.from(array.toString('latin1').replace(from, to), 'latin1');
    expect(rulesOf(await scan(change('ndarray', 'memmap_')))).toContain('PKL-IMPORT-UNKNOWN');
    expect(rulesOf(await scan(change('f4', ',,')))).toContain('PKL-CALL');
  });

  it('with anything behind them are not clean', async () => {
    expect(rulesOf(await scan(stream(writePickle(1n), 'rubbish')))).toContain('PKL-TRAILING');
    expect((await scan(stream(writePickle(1n), Buffer.alloc(4)))).verdict).not.toBe('CLEAN');
  });

  it('are told from headers and text that begin alike', async () => {
    const header = stream(Buffer.from('8002000000000000', 'hex'), '{"a":1}');
    expect((await scan(header, 'model.safetensors')).formats).toEqual([]);
    expect((await scan(Buffer.from('css\nbody\nI am text\n'), 'notes')).formats).toEqual([]);
    expect(
      (await scan(Buffer.from('I am text, line by line,\nand no pickle.\n'.repeat(3000)), 'notes')).formats,
    ).toEqual([]);
  });
});

describe('anything at all', () => {
  const seeds = [...BYPASSES.map(([, bytes]) => bytes), writePickle([1n, 'x', { dict: [['k', null]] }])];
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }))
    .map(([seed, changes]) => {
      const bytes = Buffer.from(seed);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      return bytes;
    });
  const HARMLESS =
    /^(?:collections\.(?:OrderedDict|Counter)|(?:builtins|__builtin__)\.(?:set|frozenset|bytearray|bytes|complex)|_codecs\.encode|numpy\.|torch\.)/;

  it('ends, and is never clean with an import that no profile has', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          mutated,
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        ),
        async (bytes) => {
          const { verdict, inventory, coverage } = await scan(bytes);
          if (verdict !== 'CLEAN') return;
          expect(inventory.imports.filter((name) => !HARMLESS.test(name))).toEqual([]);
          expect(coverage.attributedBytes).toBe(bytes.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is not clean when it is cut', async () => {
    for (const seed of seeds) {
      for (let end = 1; end < seed.length; end += 1) {
        const { verdict, inventory } = await scan(seed.subarray(0, end));
        // The first of two pickles is whole where the second is not there yet.
        if (seed[end - 1] !== 0x2e || inventory.imports.length > 0)
          expect([end, verdict === 'CLEAN']).toEqual([end, false]);
      }
    }
  });
});
