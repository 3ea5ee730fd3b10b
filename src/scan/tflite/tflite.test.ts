import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeInventory } from '../rejudge.js';
import { builtIn, buildTflite, custom } from '../testing/build-tflite.js';
import { rulesOf, scanOf } from '../testing/scan-text.js';

const scan = (bytes: Buffer) => scanOf('model.tflite', bytes);

describe('TensorFlow Lite', () => {
  it('with built-in operations is CLEAN, every byte of it known', async () => {
    for (const code of [builtIn, custom('TFLite_Detection_PostProcess'), custom('FlexAddV2')]) {
      const found = await scan(buildTflite(code));
      expect(found).toMatchObject({ formats: ['tflite'], verdict: 'CLEAN', findings: [] });
      expect(found.coverage.unattributed).toEqual([]);
    }
  });

  it.each([
    ['SomebodysOp', 'REVIEW', 'TFLITE-CUSTOM medium'],
    ['', 'REVIEW', 'TFLITE-CUSTOM medium'],
    ['FlexReadFile', 'FINDINGS', 'TF-OP high'],
    ['FlexEagerPyFunc', 'FINDINGS', 'TF-OP high'],
    ['FlexNobodyKnows', 'REVIEW', 'TF-OP-UNKNOWN medium'],
  ])('that needs the operation %s is %s', async (name, verdict, rule) => {
    const found = await scan(buildTflite(custom(name)));
    expect([found.verdict, ...rulesOf(found)]).toEqual([verdict, rule]);
    expect(judgeInventory(found.inventory).map((one) => `${one.rule} ${one.severity}`)).toEqual([rule]);
  });

  it('is told from what bears its name, and may bear any other', async () => {
    const model = buildTflite(custom('SomebodysOp'));
    expect((await scanOf('model.bin', model)).formats).toEqual(['tflite']);
    expect((await scan(Buffer.from('not a model at all'))).verdict).not.toBe('CLEAN');
    expect((await scan(Buffer.concat([model, Buffer.from('\x80\x04hidden')]))).findings.map(({ rule }) => rule)).toContain('COV-UNATTRIBUTED'); // prettier-ignore
  });

  it('has the data of large models behind it, and nowhere else', async () => {
    const far = (at: number, length: number): Buffer => {
      const buffers = [{ 1: { number: at, width: 8 }, 2: { number: length, width: 8 } }] as const;
      return buildTflite(builtIn, { 4: { tables: buffers } });
    };
    const { length } = far(0, 0);
    expect((await scan(Buffer.concat([far(length, 100), Buffer.alloc(100, 9)]))).verdict).toBe('CLEAN');
    expect((await scan(Buffer.concat([far(length, 100), Buffer.alloc(101, 9)]))).verdict).toBe('NOT_SCANNED');
    expect((await scan(far(length, 100))).findings[0]?.evidence).toContain('beyond the file');
    expect((await scan(far(2 ** 52, 2 ** 52))).verdict).toBe('NOT_SCANNED');
  });

  it('with tables that lead in circles, or vectors longer than the file, ends', async () => {
    const model = buildTflite(builtIn);
    const root = model.readUInt32LE(0);
    const codes = root + 8 + 4;
    const endless = Buffer.from(model);
    endless.writeUInt32LE(0xffffffff, codes + model.readUInt32LE(codes));
    expect((await scan(endless)).verdict).toBe('NOT_SCANNED');
    const circle = Buffer.from(model);
    // The vector of graphs holds the model itself.
    const graphs = codes + 4 + model.readUInt32LE(codes + 4);
    circle.writeUInt32LE(2 ** 32 - (graphs + 4 - root), graphs + 4);
    expect((await scan(circle)).verdict).toBe('NOT_SCANNED');
  });

  it('takes changed and cut bytes without a crash, and owns every byte of what it calls CLEAN', async () => {
    const model = buildTflite(custom('SomebodysOp'));
    const change = fc.tuple(fc.nat(model.length - 1), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0xff)));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), fc.nat(model.length), async (changes, cut) => {
        const changed = Buffer.from(model);
        for (const [at, byte] of changes) changed[at] = byte;
        for (const bytes of [changed, changed.subarray(0, cut)]) {
          const { findings, verdict, coverage } = await scan(bytes);
          expect(findings.filter(({ rule }) => rule === 'FORMAT-FAULT')).toEqual([]);
          if (verdict === 'CLEAN') expect(coverage.unattributed).toEqual([]);
        }
      }),
      { numRuns: 250 },
    );
  });
});
