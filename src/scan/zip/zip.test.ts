import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Format } from '../port.js';
import type { FileScan } from '../scan-file.js';
import { buildZip, type MemberPlan, type ZipPlan } from '../testing/build-zip.js';
import { scanBytes } from '../testing/stub-context.js';
import { zipFormat } from './zip.js';

/** What must be found wherever it hides. */
const EVIL = Buffer.from('EVIL payload');
const evilFinder: Format = {
  format: 'evil',
  claims: (start) => !start.toString('latin1', 0, 2).startsWith('PK'),
  scan: async (bytes, { members }) => {
    const isEvil = (await bytes.read(0, bytes.sizeBytes)).includes('EVIL');
    const finding = { rule: 'EVIL', severity: 'critical' as const, evidence: 'evil', members };
    return {
      format: 'evil',
      verdict: isEvil ? 'FINDINGS' : 'CLEAN',
      findings: isEvil ? [finding] : [],
      attributions: [{ startByte: 0, endByte: bytes.sizeBytes, what: 'anything' }],
      inventory: { imports: [], calls: [], templates: [], hooks: [] },
    };
  },
};

const scan = (file: Buffer): Promise<FileScan> => scanBytes(file, 'model', [zipFormat, evilFinder]);
const good: MemberPlan = { name: 'a.txt', content: 'harmless' };
const evil: MemberPlan = { name: 'b.txt', content: EVIL };
const judge = async (plan: ZipPlan): Promise<[string, string[]]> => {
  const { verdict, findings } = await scan(buildZip(plan));
  return [verdict, [...new Set(findings.map(({ rule }) => rule))].sort()];
};

describe('zip archives', () => {
  it.each<[string, ZipPlan]>([
    ['stored', { members: [good] }],
    ['deflated', { members: [{ ...good, isDeflated: true }] }],
    ['empty', { members: [] }],
    ['zip64', { members: [{ ...good, isZip64: true }], isZip64: true }],
    [
      'with descriptors',
      {
        members: [
          { ...good, hasDescriptor: true },
          { ...good, name: 'c', hasDescriptor: true },
        ],
      },
    ],
    [
      'with folders, times and a comment',
      {
        members: [
          { name: 'd/', attributes: 0o040755 * 65536 },
          { ...good, name: 'd/a', extra: Buffer.from('5554050003aabbccdd', 'hex') },
        ],
        comment: Buffer.from('made by hand'),
      },
    ],
    ['padded like PyTorch', { members: [{ ...good, local: { extra: Buffer.from('FB\u0003\u0000ZZZ') } }] }],
    ['with zeros between', { members: [good, { ...good, name: 'c', before: Buffer.alloc(40) }] }],
  ])('%s: clean, and every byte is somebody’s', async (_name, plan) => {
    const { verdict, coverage, findings } = await scan(buildZip(plan));
    expect(findings).toEqual([]);
    expect(verdict).toBe('CLEAN');
    expect(coverage.attributedBytes).toBe(coverage.sizeBytes);
  });

  it.each<[string, string, string[], ZipPlan]>([
    [
      'another name in the local header (CVE-2025-1944)',
      'ERROR',
      ['EVIL', 'ZIP-HEADER-MISMATCH'],
      { members: [{ ...evil, local: { name: 'x.txt' } }] },
    ],
    ...[0x1, 0x20, 0x40].map((flags): [string, string, string[], ZipPlan] => [
      `flag ${flags} that makes scanners skip (CVE-2025-1945)`,
      'FINDINGS',
      ['EVIL', flags === 0x20 ? 'ZIP-METHOD' : 'ZIP-ENCRYPTED'],
      { members: [{ ...evil, flags }] },
    ]),
    [
      'such a flag in one place only',
      'ERROR',
      ['EVIL', 'ZIP-ENCRYPTED', 'ZIP-HEADER-MISMATCH'],
      { members: [{ ...evil, flags: 1, local: { flags: 0 } }] },
    ],
    [
      'a harmless name (CVE-2025-10155, CVE-2025-1889)',
      'FINDINGS',
      ['EVIL'],
      { members: [{ ...evil, name: 'readme.md' }] },
    ],
    ['a wrong CRC (CVE-2025-10156)', 'ERROR', ['EVIL', 'ZIP-CRC'], { members: [{ ...evil, crc32: 1 }] }],
    [
      'a wrong CRC of what is deflated',
      'ERROR',
      ['EVIL', 'ZIP-CRC'],
      { members: [{ ...evil, isDeflated: true, crc32: 1 }] },
    ],
    [
      'a password',
      'NOT_SCANNED',
      ['ZIP-ENCRYPTED'],
      { members: [{ ...good, flags: 1, packed: Buffer.from('random random'), method: 0 }] },
    ],
    [
      'AES',
      'NOT_SCANNED',
      ['ZIP-ENCRYPTED', 'ZIP-METHOD', 'COV-UNATTRIBUTED'].sort(),
      { members: [{ ...good, method: 99, extra: Buffer.from('0199070002004145030000', 'hex') }] },
    ],
    ['another method', 'NOT_SCANNED', ['ZIP-METHOD'], { members: [{ ...good, method: 93 }] }],
    ['a name twice', 'ERROR', ['EVIL', 'ZIP-NAME'], { members: [good, { ...evil, name: 'a.txt' }] }],
    ['a name twice in other letters', 'ERROR', ['EVIL', 'ZIP-NAME'], { members: [good, { ...evil, name: 'A.TXT' }] }],
    [
      'a name twice by its slashes',
      'ERROR',
      ['ZIP-NAME'],
      {
        members: [
          { ...good, name: 'd/a' },
          { ...good, name: 'd\\a' },
        ],
      },
    ],
    ['a name that climbs', 'ERROR', ['ZIP-NAME'], { members: [{ ...good, name: '../a' }] }],
    ['an absolute name', 'ERROR', ['ZIP-NAME'], { members: [{ ...good, name: '/etc/passwd' }] }],
    ['a name with a drive', 'ERROR', ['ZIP-NAME'], { members: [{ ...good, name: 'C:\\a' }] }],
    ['a name with an end in it', 'ERROR', ['ZIP-NAME'], { members: [{ ...good, name: 'a.txt\0.pkl' }] }],
    ['letters of no known code page', 'ERROR', ['ZIP-NAME'], { members: [{ ...good, name: 'ä' }] }],
    [
      'a second name',
      'ERROR',
      ['COV-UNATTRIBUTED', 'ZIP-HEADER-MISMATCH', 'ZIP-NAME'],
      { members: [{ ...good, extra: Buffer.from('7570060001aabbccdd62', 'hex') }] },
    ],
    ['a symlink', 'ERROR', ['ZIP-LINK'], { members: [{ ...good, attributes: (0o120777 << 16) >>> 0 }] }],
    [
      'another size in the local header',
      'ERROR',
      ['ZIP-HEADER-MISMATCH'],
      { members: [{ ...good, local: { sizeBytes: 4, packedBytes: 4 } }] },
    ],
    [
      'another method in the local header',
      'ERROR',
      ['EVIL', 'ZIP-HEADER-MISMATCH'],
      { members: [{ ...evil, local: { method: 8 } }] },
    ],
    [
      'a descriptor that says something else',
      'ERROR',
      ['ZIP-HEADER-MISMATCH', 'ZIP-TRAILING'],
      { members: [{ ...good, hasDescriptor: true, descriptor: Buffer.from('PK\u0007\u0008abcdefghijkl') }] },
    ],
    ['stored with two sizes', 'ERROR', ['EVIL', 'ZIP-HEADER-MISMATCH'], { members: [{ ...evil, sizeBytes: 3 }] }],
    [
      'deflated to more than it says',
      'ERROR',
      ['ZIP-HEADER-MISMATCH'],
      { members: [{ ...good, isDeflated: true, sizeBytes: 3 }] },
    ],
    [
      'something behind the end of what is deflated',
      'ERROR',
      ['EVIL', 'ZIP-HEADER-MISMATCH'],
      { members: [{ ...evil, method: 8, packed: Buffer.concat([deflateRawSync(EVIL), Buffer.from('more')]) }] },
    ],
    [
      'deflated bytes that break',
      'ERROR',
      ['EVIL', 'ZIP-HEADER-MISMATCH'],
      { members: [{ ...evil, method: 8, packed: deflateRawSync(EVIL).subarray(0, -1) }] },
    ],
    [
      'a payload between members',
      'ERROR',
      ['COV-UNATTRIBUTED', 'EVIL', 'ZIP-TRAILING'],
      { members: [good, { ...good, name: 'c', before: EVIL }] },
    ],
    [
      'a payload in front',
      'ERROR',
      ['ZIP-DIRECTORY', 'ZIP-TRAILING'],
      { members: [{ ...good, before: Buffer.concat([Buffer.from('PK\u0003\u0004'), EVIL]) }] },
    ],
    [
      'a member that the directory leaves out',
      'ERROR',
      ['COV-UNATTRIBUTED', 'ZIP-DIRECTORY', 'ZIP-TRAILING'],
      { members: [good, { ...evil, isListed: false }] },
    ],
    [
      'a payload in an extra field',
      'NOT_SCANNED',
      ['COV-UNATTRIBUTED'],
      { members: [{ ...good, extra: Buffer.from('efbe0400deadbeef', 'hex') }] },
    ],
    [
      'a payload in a comment',
      'NOT_SCANNED',
      ['COV-UNATTRIBUTED'],
      { members: [good], comment: Buffer.from('\x80\x04') },
    ],
    [
      'an end in the comment of the end',
      'ERROR',
      ['COV-UNATTRIBUTED', 'ZIP-DIRECTORY'],
      { members: [good], comment: buildZip({ members: [evil] }) },
    ],
    [
      'two members over the same bytes',
      'ERROR',
      ['COV-UNATTRIBUTED', 'ZIP-OVERLAP'],
      { members: [good, { ...good, name: 'a.txt', isWritten: false, localStartByte: 0 }] },
    ],
    [
      'fewer entries than there are',
      'ERROR',
      ['COV-UNATTRIBUTED', 'ZIP-DIRECTORY'],
      { members: [good, evil], end: { entries: 1 } },
    ],
    ['several parts', 'ERROR', ['COV-UNATTRIBUTED', 'ZIP-DIRECTORY'], { members: [good], end: { disk: 1 } }],
    [
      'zip64 that says another place',
      'ERROR',
      ['COV-UNATTRIBUTED', 'ZIP-DIRECTORY'],
      { members: [good], isZip64: true, end: { centralStartByte: 1 } },
    ],
    [
      'zip64 that says other counts',
      'ERROR',
      ['COV-UNATTRIBUTED', 'ZIP-DIRECTORY'],
      { members: [good, evil], isZip64: true, end64: { entries: 1 } },
    ],
    [
      'zip64 with a size that would fit',
      'ERROR',
      ['COV-UNATTRIBUTED', 'ZIP-DIRECTORY'],
      { members: [{ ...good, extra: Buffer.from('010008000300000000000000', 'hex') }] },
    ],
  ])('%s: %s', async (_name, verdict, rules, plan) => {
    const [was, found] = await judge(plan);
    expect(found.filter((rule) => rule !== 'TYPE-MISMATCH')).toEqual(
      expect.arrayContaining(rules.filter((rule) => rule !== 'COV-UNATTRIBUTED')),
    );
    expect(was).toBe(verdict);
  });

  it('reads archives in archives, to a depth', async () => {
    let file = buildZip({ members: [evil] });
    for (let depth = 0; depth < 3; depth += 1)
      file = buildZip({ members: [{ name: 'in.zip', content: file, isDeflated: true }] });
    const inside = await scan(file);
    expect(inside.findings.map(({ rule, members }) => [rule, members])).toContainEqual([
      'EVIL',
      ['in.zip', 'in.zip', 'in.zip', 'b.txt'],
    ]);
    for (let depth = 0; depth < 3; depth += 1)
      file = buildZip({ members: [{ name: 'in.zip', content: file, isDeflated: true }] });
    expect((await scan(file)).verdict).toBe('NOT_SCANNED');
  });

  it('stops where something unpacks to more than any model does', async () => {
    const content = Buffer.alloc(130 * 2 ** 20);
    const [verdict, rules] = await judge({ members: [{ name: 'zeros', content, isDeflated: true }] });
    expect(verdict).toBe('FINDINGS');
    expect(rules).toContain('PACKED-RATIO');
  });

  it('reads a large deflated member through a window', async () => {
    const content = Buffer.alloc(24 * 2 ** 20);
    for (let at = 0; at < content.length; at += 64) content.writeUInt32LE(at, at);
    const looker: Format = {
      ...evilFinder,
      claims: (start) => start.readUInt32LE(64) === 64,
      scan: async (bytes) => {
        for (const at of [0, 5_000_000, 17_000_000, 64, 4, content.length - 8_000_000])
          expect((await bytes.read(at, 8_000_000)).equals(content.subarray(at, at + 8_000_000))).toBe(true);
        expect((await bytes.read(23_000_000, 100)).equals(content.subarray(23_000_000, 23_000_100))).toBe(true);
        const attributions = [{ startByte: 0, endByte: bytes.sizeBytes, what: 'anything' }];
        return {
          format: 'numbers',
          verdict: 'CLEAN',
          findings: [],
          attributions,
          inventory: { imports: [], calls: [], templates: [], hooks: [] },
        };
      },
    };
    const { verdict, findings } = await scanBytes(
      buildZip({ members: [{ name: 'n', content, isDeflated: true }] }),
      'model',
      [zipFormat, looker],
    );
    expect(findings).toEqual([]);
    expect(verdict).toBe('CLEAN');
  });

  it('a reader that jumps back and forth in what is unpacked as it is read is stopped, not the scan', async () => {
    const jumper: Format = {
      ...evilFinder,
      claims: (start) => start[0] === 0,
      scan: async (bytes) => {
        for (let times = 0; times < 70; times += 1) {
          await bytes.read(1_000_000, 1);
          await bytes.read(0, 1);
        }
        throw new Error('nobody stopped it');
      },
    };
    const file = buildZip({ members: [{ name: 'n', content: Buffer.alloc(17 * 2 ** 20), isDeflated: true }] });
    const { verdict, findings } = await scanBytes(file, 'model', [zipFormat, jumper]);
    expect(findings.map(({ rule, members }) => [rule, members])).toContainEqual(['LIMIT-HIT', ['n']]);
    expect(verdict).toBe('ERROR');
  });

  it('whatever byte of its structure changes: never clean with other members', async () => {
    const file = buildZip({
      members: [
        { ...good, hasDescriptor: true },
        { ...good, name: 'b', isDeflated: true },
        { ...good, name: 'c', isZip64: true },
      ],
      isZip64: true,
      comment: Buffer.from('text'),
    });
    const before = await scan(file);
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Buffer.from(file);
        changed[at] = (changed[at] ?? 0) ^ change;
        const after = await scan(changed);
        if (after.verdict !== 'CLEAN' || !after.formats.includes('zip')) return;
        expect(after.members.map(({ members, coverage }) => [members, coverage])).toEqual(
          before.members.map(({ members, coverage }) => [members, coverage]),
        );
        expect(after.coverage.unattributed).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it('takes any bytes behind its magic', async () => {
    const pieces = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
        fc.constantFrom(
          ...['504b0304', '504b0102', '504b0506', '504b0606', '504b0607', '504b0708'].map((hex) =>
            Buffer.from(hex, 'hex'),
          ),
        ),
      ),
    );
    await fc.assert(
      fc.asyncProperty(pieces, async (parts) => {
        const { verdict } = await scan(Buffer.concat([Buffer.from('PK\u0003\u0004'), ...parts]));
        expect(verdict).not.toBe('CLEAN');
      }),
    );
  });
});
