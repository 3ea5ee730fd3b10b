import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { archivesFormat } from '../archives/archives.js';
import { scanBytes } from '../testing/stub-context.js';
import { programsFormat } from './programs.js';

const scan = async (start: Buffer | string, name = 'pytorch_model.bin'): Promise<readonly unknown[]> => {
  const bytes = Buffer.concat([Buffer.from(start as string, 'latin1'), Buffer.alloc(200)]);
  const { verdict, findings } = await scanBytes(bytes, name, [programsFormat, archivesFormat]);
  return [verdict, findings[0]?.rule, findings[0]?.severity];
};
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const windows = Buffer.alloc(128);
windows.write('MZ');
windows.writeUInt32LE(80, 0x3c);
windows.write('PE\0\0', 80);

describe('programs by their first bytes', () => {
  it.each<[string, Buffer | string]>([
    ['ELF', '\x7fELF'],
    ['a llamafile', 'MZqFpD'],
    ['Windows', windows],
    ['Mach-O', hex('cffaedfe')],
    ['Mach-O for several processors', hex('cafebabe00000002')],
    ['a script', '#!/bin/sh'],
    ['a script with a blank', '#! /usr/bin/env python3'],
  ])('%s in a file of weights is critical', async (_name, start) => {
    expect(await scan(start)).toEqual(['FINDINGS', 'PROGRAM', 'critical']);
  });

  it.each<[string, Buffer | string]>([
    ['WebAssembly', '\0asm\x01\0\0\0'],
    ['Java', hex('cafebabe00000034')],
    ['Python', hex('a70d0d0a00000000')],
    ['Dalvik', 'dex\n035'],
    ['LLVM', hex('4243c0de')],
  ])('%s is a program for a virtual machine', async (_name, start) => {
    expect(await scan(start)).toEqual(['FINDINGS', 'BYTECODE', 'high']);
  });

  it('a script that is named as one asks a person', async () => {
    expect(await scan('#!/bin/sh', 'convert.sh')).toEqual(['REVIEW', 'PROGRAM', 'medium']);
  });

  it('knows the program that runs this', async () => {
    const start = (await readFile(process.execPath)).subarray(0, 64 * 1024);
    expect(programsFormat.claims(start, 'weights', 1e8)).toBe(true);
  });

  it('does not take numbers for programs', () => {
    for (const start of ['4d5a0000000000007b22', '2321000000000000', '5d000000000000007b22', '1f8b000000000000'])
      expect(
        [programsFormat, archivesFormat].some((format) =>
          format.claims(Buffer.concat([hex(start), Buffer.alloc(80)]), 'm', 100),
        ),
      ).toBe(false);
  });
});

describe('archives that cannot be unpacked here', () => {
  it.each([
    ['7z', '377abcaf271c'],
    ['rar', '526172211a0700'],
    ['xz', 'fd377a585a00'],
    ['bzip2', '425a6839314159265359'],
    ['zstd', '28b52ffd'],
    ['lz4', '04224d18'],
    ['lzma', '5d00008000ffffffffffffffff'],
    ['lzma of joblib', '5d00000001ffffffffffffffff'],
  ])('%s is not scanned, and says so', async (_name, start) => {
    expect(await scan(hex(start))).toEqual(['NOT_SCANNED', 'PACKED-UNREADABLE', 'medium']);
  });
});
