import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Format } from '../port.js';
import { buildGguf, type GgufPlan } from '../testing/build-gguf.js';
import { anything, scanBytes } from '../testing/stub-context.js';
import { ggufFormat } from './gguf.js';

const PLAN: GgufPlan = {
  metadata: {
    'general.architecture': ['string', 'llama'],
    'tokenizer.ggml.tokens': ['strings', Array.from({ length: 2_000 }, (_, index) => `token ${index}`)],
    'tokenizer.chat_template': ['string', '{{ messages }}'],
    'tokenizer.chat_template.tool_use': ['string', '{{ tools }}'],
  },
  tensors: [
    { name: 'a', shape: [256, 2], type: 12, startByte: 0 },
    { name: 'b', shape: [3], type: 0, startByte: 288 },
    { name: 'c', shape: [1], type: 0, startByte: 320 },
  ],
  dataBytes: 352,
};
const seen: string[] = [];
const jinja: Format = {
  ...anything,
  claims: (start) => start[0] === 0x7b,
  scan: async (bytes, context) => {
    seen.push(`${context.name}: ${(await bytes.read(0, bytes.sizeBytes)).toString()}`);
    return anything.scan(bytes, context);
  },
};
const scan = (file: Buffer) => scanBytes(file, 'model.gguf', [ggufFormat, jinja]);

describe('GGUF as a format', () => {
  it('is clean, every byte is somebody’s, and its templates are read as programs', async () => {
    seen.length = 0;
    const { verdict, coverage, findings, inventory } = await scan(buildGguf(PLAN));
    expect(findings).toEqual([]);
    expect(verdict).toBe('CLEAN');
    expect(coverage.attributedBytes).toBe(coverage.sizeBytes);
    expect(seen).toEqual(['chat_template.jinja: {{ messages }}', 'chat_template.jinja: {{ tools }}']);
    expect(inventory.templates).toEqual(['{{ messages }}', '{{ tools }}']);
  });

  it('reads headers of more than its first read', async () => {
    const tokens = Array.from({ length: 40_000 }, (_, index) => `token ${'x'.repeat(60)} ${index}`);
    const file = buildGguf({ ...PLAN, metadata: { ...PLAN.metadata, 'tokenizer.ggml.tokens': ['strings', tokens] } });
    expect(file.length).toBeGreaterThan(2 ** 21);
    expect((await scan(file)).verdict).toBe('CLEAN');
  });

  it.each<[string, string, Buffer]>([
    [
      'NOT_SCANNED',
      'a gap with something in it',
      (() => {
        const file = buildGguf(PLAN);
        file[file.length - 352 + 310] = 1;
        return file;
      })(),
    ],
    ['NOT_SCANNED', 'a gap that aligns nothing', buildGguf({ ...PLAN, tensors: PLAN.tensors.slice(0, 1) })],
    ['ERROR', 'a tensor beyond the file', buildGguf({ ...PLAN, dataBytes: 300 })],
  ])('%s: %s', async (verdict, _name, file) => {
    expect((await scan(file)).verdict).toBe(verdict);
  });

  it('any change of a byte of its header: never clean with bytes that are nobody’s', async () => {
    const file = buildGguf({ ...PLAN, metadata: { 'general.alignment': ['u32', 32] } });
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - PLAN.dataBytes - 1), fc.nat(255), async (at, byte) => {
        const changed = Buffer.from(file);
        changed[at] = byte;
        const { verdict, coverage, findings } = await scan(changed);
        expect(findings.map(({ rule }) => rule)).not.toContain('FORMAT-FAULT');
        if (verdict === 'CLEAN') expect(coverage.unattributed).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
