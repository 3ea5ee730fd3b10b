import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { formatLine, parseLine } from './journal-line.js';
import type { JournalContent, LandedPiece } from './journal.js';
import { parseJournal, readJournal } from './read-journal.js';
import { writeJournal } from './write-journal.js';

const MIB = 1024 * 1024;
const header = {
  sizeBytes: 50 * MIB + 1,
  pieceBytes: MIB,
  digests: { sha256: 'ab'.repeat(32) },
  validators: { etag: '"x"' },
  bootId: 'boot',
};
const empty: JournalContent = { header, pieces: new Map(), parts: new Map() };
const piece = (index: number): LandedPiece => ({
  index,
  digest: index.toString(16).padStart(index % 2 === 0 ? 8 : 64, '0'),
  source: 'hub é',
  atMs: 1e12,
  ms: 5,
  retries: 1,
  reason: 'RESET',
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-journal-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a journal', () => {
  it('comes back as it was written', async () => {
    const path = join(folder, 'a');
    const writer = await writeJournal(path, { ...empty, pieces: new Map([[3, piece(3)]]) });
    await Promise.all([1, 2, 9].map((index) => writer.landed(piece(index))));
    await writer.began({ index: 7, bytes: 100, digest: 'c'.repeat(64), source: 'hub' });
    await writer.began({ index: 9, bytes: 100, digest: 'c'.repeat(8), source: 'hub' });
    await writer.dropped([2]);
    await writer.close();
    const content = await readJournal(path);
    expect(content?.header).toEqual(header);
    expect([...(content?.pieces.values() ?? [])]).toEqual([piece(3), piece(1), piece(9)]);
    expect([...(content?.parts.keys() ?? [])]).toEqual([7]);
  });

  it('lets go of its file also where the last record could not be written', async () => {
    const probe = await open(join(folder, 'probe'), 'w');
    const kind = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    const writer = await writeJournal(join(folder, 'full'), empty);
    const full = new Error('no space');
    const append = vi.spyOn(kind, 'appendFile').mockRejectedValueOnce(full);
    onTestFinished(() => append.mockRestore());
    await expect(writer.landed(piece(1))).rejects.toBe(full);
    await expect(writer.close()).rejects.toBe(full);
    // As Node has it of a closed one.
    expect(append.mock.contexts).toEqual([expect.objectContaining({ fd: -1 })]);
  });

  it('is written afresh when gone on with, without its torn tail', async () => {
    const path = join(folder, 'b');
    writeFileSync(path, formatLine({ journal: 1, ...header }) + formatLine({ piece: 1 }).slice(0, 9));
    const writer = await writeJournal(path, (await readJournal(path)) ?? empty);
    await writer.landed(piece(4));
    await writer.close();
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => parseLine(line) !== undefined)).toEqual([true, true]);
  });

  it('of the version before is read too, whose pieces all have a SHA-256', () => {
    const sha256 = 'ab'.repeat(32);
    const lines = [
      { journal: 1, ...header },
      { piece: 3, sha256, source: 'hub', atMs: 1, ms: 2, retries: 0 },
      { part: 4, bytes: 10, sha256, source: 'hub' },
    ];
    const content = parseJournal(lines.map(formatLine).join(''));
    expect(content?.pieces.get(3)).toEqual({ index: 3, digest: sha256, source: 'hub', atMs: 1, ms: 2, retries: 0 });
    expect(content?.parts.get(4)?.digest).toBe(sha256);
  });

  it('is nothing when it is absent, of a later version or of a size that cannot be', async () => {
    expect(await readJournal(join(folder, 'none'))).toBeUndefined();
    expect(parseJournal(formatLine({ ...header, journal: 3 }))).toBeUndefined();
    expect(parseJournal(formatLine({ ...header, journal: 1, pieceBytes: 3 }))).toBeUndefined();
    expect(parseJournal(formatLine({ ...header, journal: 1, sizeBytes: -1 }))).toBeUndefined();
  });

  it('claims nothing that was not written, however it was cut or changed', () => {
    const lines = [formatLine({ journal: 1, ...header })];
    for (const index of [0, 5, 50]) {
      const { index: number, digest, ...rest } = piece(index);
      lines.push(formatLine({ piece: number, [digest.length === 8 ? 'crc32' : 'sha256']: digest, ...rest }));
    }
    const whole = Buffer.from(lines.join(''));
    const harm = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.nat(whole.length), fc.array(harm, { maxLength: 4 }), (length, harms) => {
        const bytes = Buffer.from(whole);
        for (const { at, byte } of harms) bytes[at] = byte;
        const content = parseJournal(bytes.subarray(0, length).toString());
        if (content === undefined) return;
        expect(content.header).toEqual(header);
        for (const claimed of content.pieces.values()) expect(claimed).toEqual(piece(claimed.index));
      }),
      { numRuns: 500 },
    );
  });

  it('bears any text', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.object().map(formatLine))), (texts) => {
        parseJournal(formatLine({ journal: 1, ...header }) + texts.join('\n'));
        parseJournal(texts.join('\n'));
      }),
    );
  });
});
