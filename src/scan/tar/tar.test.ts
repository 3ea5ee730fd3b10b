import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTar, paxRecord, type TarEntry } from '../testing/build-tar.js';
import { anything, scanBytes } from '../testing/stub-context.js';
import { tarFormat } from './tar.js';

const inside = { ...anything, claims: (start: Buffer) => start.toString('latin1', 257, 262) !== 'ustar' };
const scan = (file: Buffer) => scanBytes(file, 'model', [tarFormat, inside]);
const good: TarEntry = { name: 'a.txt', content: 'harmless' };
const pax = (...records: readonly string[]): TarEntry => ({ name: 'x', type: 'x', content: records.join('') });
const GNU = 'ustar  \u0000';

describe('tar archives', () => {
  it.each<[string, readonly TarEntry[], readonly string[]]>([
    [
      'files and folders',
      [
        { name: 'd/', type: '5' },
        { ...good, name: 'd/a' },
      ],
      ['d/a'],
    ],
    ['empty', [], []],
    [
      'from a folder',
      [
        { name: './', type: '5' },
        { ...good, name: './a' },
      ],
      ['./a'],
    ],
    ['with a prefix', [{ ...good, prefix: 'long' }], ['long/a.txt']],
    ['with times in pax', [pax(paxRecord('mtime', '1.5')), good], ['a.txt']],
    ['with a path in pax', [pax(paxRecord('path', 'ö'.repeat(200))), good], ['ö'.repeat(200)]],
    [
      'with a long name of GNU',
      [
        { name: '././@LongLink', type: 'L', content: `${'n'.repeat(200)}\u0000`, magic: GNU },
        { ...good, magic: GNU },
      ],
      ['n'.repeat(200)],
    ],
  ])('%s: clean, and every byte is somebody’s', async (_name, entries, names) => {
    const { verdict, coverage, findings, members } = await scan(buildTar([...entries]));
    expect(findings).toEqual([]);
    expect(verdict).toBe('CLEAN');
    expect(coverage.attributedBytes).toBe(coverage.sizeBytes);
    expect(members.map((member) => member.members[0])).toEqual(names);
  });

  it.each<[string, string, Buffer]>([
    ['TAR-NAME', 'a name that climbs', buildTar([{ ...good, name: '../a' }])],
    ['TAR-NAME', 'a name that climbs, in pax', buildTar([pax(paxRecord('path', '/etc/passwd')), good])],
    ['TAR-NAME', 'a name twice', buildTar([good, { ...good, name: './A.txt' }])],
    ['TAR-LINK', 'a symlink', buildTar([{ name: 'l', type: '2' }])],
    ['TAR-LINK', 'a hard link', buildTar([{ name: 'l', type: '1' }])],
    ['TAR-LINK', 'a device', buildTar([{ name: 'l', type: '3' }])],
    ['TAR-LINK', 'a sparse file', buildTar([{ name: 'l', type: 'S', magic: GNU }])],
    ['TAR-HEADER', 'a folder with bytes', buildTar([{ name: 'd', type: '5', content: 'x' }])],
    ['TAR-HEADER', 'a wrong checksum', buildTar([{ ...good, checksum: 1 }])],
    ['TAR-HEADER', 'two sizes', buildTar([pax(paxRecord('size', '512')), good])],
    ['TAR-HEADER', 'a sparse file in pax', buildTar([pax(paxRecord('GNU.sparse.major', '1')), good])],
    ['TAR-HEADER', 'a link in pax', buildTar([pax(paxRecord('linkpath', 'b')), good])],
    ['TAR-HEADER', 'one path for all', buildTar([{ ...pax(paxRecord('path', 'b')), type: 'g' }, good])],
    ['TAR-HEADER', 'a path twice in pax', buildTar([pax(paxRecord('path', 'b'), paxRecord('path', 'c')), good])],
    ['TAR-HEADER', 'a record with a wrong length', buildTar([pax('99 path=b\n'), good])],
    ['TAR-HEADER', 'two extended headers', buildTar([pax(paxRecord('path', 'b')), pax(paxRecord('path', 'c')), good])],
    [
      'TAR-HEADER',
      'pax and GNU at once',
      buildTar([pax(paxRecord('path', 'b')), { name: 'L', type: 'L', content: 'c\0' }, good]),
    ],
    ['TAR-HEADER', 'something behind the end', Buffer.concat([buildTar([good]), buildTar([{ ...good, name: 'b' }])])],
    ['TAR-HEADER', 'no end', buildTar([good], Buffer.alloc(0))],
    [
      'TAR-HEADER',
      'one block of zeros, and then a member',
      Buffer.concat([buildTar([good], Buffer.alloc(512)), buildTar([{ ...good, name: 'b' }])]),
    ],
    [
      'TAR-HEADER',
      'a size that is no number',
      (() => {
        const file = buildTar([good]);
        file.write('9', 124);
        return file;
      })(),
    ],
    ['TORCH-TAR', 'a checkpoint', buildTar(['pickle', 'storages', 'tensors'].map((name) => ({ name })))],
  ])('%s: %s', async (rule, _name, file) => {
    const { verdict, findings } = await scan(file);
    expect(findings.map((found) => found.rule)).toContain(rule);
    expect(verdict).toBe(rule === 'TORCH-TAR' ? 'FINDINGS' : 'ERROR');
  });

  it('padding with something in it is nobody’s', async () => {
    const file = buildTar([good]);
    file[1000] = 1;
    expect((await scan(file)).verdict).toBe('NOT_SCANNED');
  });

  it('members in front of a break are scanned', async () => {
    const { members } = await scan(buildTar([good], Buffer.from('x'.repeat(512))));
    expect(members.map((member) => member.members[0])).toEqual(['a.txt']);
  });

  it('whatever byte of its structure changes: never clean with members of other bytes', async () => {
    const file = buildTar([pax(paxRecord('path', 'p')), good, { name: 'd', type: '5' }, { ...good, name: 'b' }]);
    const before = await scan(file);
    expect(before.verdict).toBe('CLEAN');
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Buffer.from(file);
        changed[at] = (changed[at] ?? 0) ^ change;
        const after = await scan(changed);
        if (after.verdict !== 'CLEAN' || !after.formats.includes('tar')) return;
        // No checksum holds a long name together: another one is another name, for all readers.
        expect(after.members.map(({ coverage }) => coverage)).toEqual(before.members.map(({ coverage }) => coverage));
      }),
      { numRuns: 400 },
    );
  });
});
