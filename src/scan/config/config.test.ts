import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rulesOf, scanOf } from '../testing/scan-text.js';

const judged = async (name: string, content: string | object) => {
  const scan = await scanOf(name, content);
  return [scan.verdict, ...rulesOf(scan)];
};

describe('configurations that run code', () => {
  it.each([
    ['auto_map', { auto_map: { AutoModel: 'modeling_x.Model' } }, 'CFG-REMOTE-CODE medium'],
    ['code of another repository', { auto_map: { AutoModel: 'a/b--modeling_x.Model' } }, 'CFG-REMOTE-CODE high'],
    ['CVE-2025-66448, nested', { vision_config: { auto_map: { AutoConfig: 'c.C' } } }, 'CFG-REMOTE-CODE medium'],
    ['CVE-2026-4372', { _attn_implementation_internal: 'someone/kernel' }, 'CFG-KERNEL high'],
    ['a kernel that nobody knows', { _attn_implementation: 'mine' }, 'CFG-KERNEL medium'],
    ['kernels of parts', { attn_implementation: { vision: 'a/b' } }, 'CFG-KERNEL high'],
    ['CVE-2026-5843', { model_file: 'model.py' }, 'CFG-REMOTE-CODE high'],
    ['CVE-2025-23304', { x: [{ _target_: 'os.system' }] }, 'CFG-TARGET high'],
    ['through a known package', { _target_: 'nemo.collections.asr.os.system' }, 'CFG-TARGET high'],
    ['through a known package to a class', { _target_: 'nemo.core.subprocess.Popen' }, 'CFG-TARGET high'],
    ['trust_remote_code', { trust_remote_code: true }, 'CFG-REMOTE-CODE medium'],
    ['custom_pipelines', { custom_pipelines: { x: { impl: 'p.P' } } }, 'CFG-REMOTE-CODE medium'],
    ['a quantizer by its path', { quantization_config: { impl: 'evil.py' } }, 'CFG-REMOTE-CODE medium'],
    ['peft', { auto_mapping: { parent_library: 'os' } }, 'CFG-REMOTE-CODE medium'],
    ['MONAI', { imports: ['$import os'] }, 'CFG-TARGET high'],
    ['an escaped name', '{"\\u0061uto_map":{"AutoModel":"m.M"}}', 'CFG-REMOTE-CODE medium'],
  ])('%s', async (_what, config, rule) => {
    const [verdict, ...rules] = await judged('config.json', config);
    expect(rules).toEqual([rule]);
    expect(verdict).toBe(rule.endsWith('high') ? 'FINDINGS' : 'REVIEW');
  });

  it('judges names that are there twice both times, and says so', async () => {
    expect(await judged('config.json', '{"auto_map":{"A":"m.M"},"auto_map":null}')).toEqual([
      'REVIEW',
      'CFG-INVALID medium',
      'CFG-REMOTE-CODE medium',
    ]);
  });

  it('reads pipelines and modules by their files', async () => {
    expect(await judged('model_index.json', { unet: ['pipeline_evil', 'Unet'] })).toEqual([
      'REVIEW',
      'CFG-REMOTE-CODE medium',
    ]);
    expect(await judged('model_index.json', { _class_name: ['pipeline_evil', 'Unet'] })).toEqual([
      'REVIEW',
      'CFG-REMOTE-CODE medium',
    ]);
    expect(await judged('modules.json', [{ type: 'os.system' }])).toEqual(['REVIEW', 'CFG-REMOTE-CODE medium']);
  });

  it('finds templates in YAML under a key that says so, and leaves those of others alone', async () => {
    const reaching = "{{ config.__class__.__init__.__globals__['os'].system('true') }}";
    expect((await judged('config.yaml', `chat_template:\n  "${reaching}"\n`))[0]).toBe('FINDINGS');
    expect(await judged('config.yml', 'chat_template: "{% for m in messages %}{{ m.content }}{% endfor %}"\n')).toEqual(
      ['CLEAN'],
    );
    expect(await judged('workflow.yml', 'env:\n  TOKEN: ${{ secrets.TOKEN }}\n')).toEqual(['CLEAN']);
  });

  it('finds templates in them', async () => {
    const template = "{{ ''.__class__.__mro__ }}";
    for (const chat_template of [template, [{ name: 'default', template }]])
      expect((await judged('tokenizer_config.json', { chat_template }))[0]).toBe('FINDINGS');
  });

  it('is REVIEW where a configuration is broken, and CLEAN where only data is', async () => {
    expect(await judged('config.json', '{"a":1,}')).toEqual(['REVIEW', 'CFG-INVALID medium']);
    expect(await judged('data.json', '{"a":1}\n{"a":2}\n')).toEqual(['CLEAN', 'CFG-INVALID low']);
    expect((await scanOf('x.json', Buffer.from([0x7b, 0, 1]))).verdict).toBe('NOT_SCANNED');
  });

  it('is none that is not UTF-8, whatever stands around it', async () => {
    const broken = Buffer.concat([Buffer.from('{"a": "'), Buffer.of(0xed, 0xa0, 0x80), Buffer.from('"}')]);
    const { findings } = await scanOf('config.json', broken);
    const told = { rule: 'CFG-INVALID', severity: 'medium', evidence: 'not JSON: not UTF-8' };
    expect(findings).toContainEqual(expect.objectContaining(told));
  });

  it('does not lose a hook, wherever in a configuration it stands', async () => {
    const place = fc.array(fc.oneof(fc.string(), fc.nat(3)), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(place, fc.jsonValue(), async (path, beside) => {
        let value: unknown = { auto_map: 'm.M' };
        for (const step of path)
          value =
            typeof step === 'number'
              ? [beside, value]
              : Object.fromEntries([
                  ['', beside],
                  [step, value],
                ]);
        expect((await scanOf('config.json', { x: value })).inventory.hooks).toContain('auto_map=m.M');
      }),
      { numRuns: 100 },
    );
  });
});

describe('YAML', () => {
  it.each([
    ['a: !!python/object/apply:os.system ["id"]', 'FINDINGS', 'YAML-TAG critical'],
    ['a: !<tag:yaml.org,2002:python/object/new:os.system> x', 'FINDINGS', 'YAML-TAG critical'],
    ['- !!%70ython/name:os.system', 'FINDINGS', 'YAML-TAG critical'],
    ['%TAG !p! tag:yaml.org,2002:python/\n---\n!p!name:os.system', 'FINDINGS', 'YAML-TAG medium'],
    ['x: !new:os.system', 'FINDINGS', 'YAML-TAG high'],
    ['x: !new:speechbrain.lobes.models.ECAPA_TDNN', 'REVIEW', 'YAML-TAG medium'],
    ['model:\n  _target_: os.system', 'FINDINGS', 'CFG-TARGET high'],
    ["{'_target_': 'subprocess.Popen'}", 'FINDINGS', 'CFG-TARGET high'],
  ])('%s', async (text, verdict, rule) => {
    const scan = await scanOf('model_config.yaml', text);
    expect(rulesOf(scan)).toContain(rule);
    if (!text.startsWith('%')) expect(scan.verdict).toBe(verdict);
    expect(scan.verdict).not.toBe('CLEAN');
  });

  it('lets ordinary files be', async () => {
    const text =
      '# !new:os.system\na: !!python/tuple [1]\nb: !ref <a>\nc: "wow! great"\n_target_: nemo.collections.asr.models.EncDecCTCModel\n';
    expect(await judged('hparams.yaml', text)).toEqual(['CLEAN']);
  });
});
