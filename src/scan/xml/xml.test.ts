import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rulesOf, scanOf } from '../testing/scan-text.js';

const NET =
  '<?xml version="1.0"?>\n<net name="m" version="11"><layers><layer id="0" name="x" type="Parameter" version="opset1"/></layers></net>\n';
const judged = async (name: string, text: string) => {
  const scan = await scanOf(name, text);
  return [scan.verdict, ...rulesOf(scan)];
};

describe('XML beside weights', () => {
  it('as OpenVINO writes it is CLEAN, with its numbers', async () => {
    expect(await judged('openvino/openvino_model.xml', NET)).toEqual(['CLEAN']);
    expect((await scanOf('openvino/openvino_model_qint8_quantized.bin', Buffer.alloc(64, 9))).verdict).toBe('CLEAN');
  });

  it.each([
    [
      'an external entity',
      `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${NET}`,
      'FINDINGS',
      'XML-ENTITY high',
    ],
    ['entities that grow', `<!DOCTYPE x [<!ENTITY e "aaaa">]>${NET}`, 'FINDINGS', 'XML-ENTITY high'],
    ['a declaration', `<!DOCTYPE PMML>${NET}`, 'REVIEW', 'XML-ENTITY medium'],
    ['operations of an extension', NET.replace('opset1', 'extension'), 'REVIEW', 'ONNX-DOMAIN medium'],
    ['a library', NET.replace('id="0"', 'id="0" library="./evil.so"'), 'FINDINGS', 'CODE-NATIVE high'],
  ])('is not with %s', async (_what, text, verdict, rule) => {
    for (const name of ['model.xml', 'model.pmml']) expect(await judged(name, text)).toEqual([verdict, rule]);
  });

  it('weights of OpenVINO that are a pickle or a program are one', async () => {
    const name = 'openvino_model.bin';
    expect((await scanOf(name, Buffer.from('\x80\x02cos\nsystem\n)R.', 'latin1'))).verdict).toBe('FINDINGS');
    expect((await scanOf(name, Buffer.from('\x7fELF\x02\x01\x01\0'.padEnd(64, '\0'), 'latin1'))).verdict).toBe(
      'FINDINGS',
    );
  });

  it('ends whatever the text is', async () => {
    const part = fc.constantFrom('<layer ', 'version="', '<!ENTITY ', '<net ', '"', '>', 'a', ' ', 'library=');
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 60 }), async (parts) => {
        expect(['CLEAN', 'REVIEW', 'FINDINGS']).toContain((await scanOf('a.xml', `<x>${parts.join('')}`)).verdict);
      }),
      { numRuns: 100 },
    );
  });
});
