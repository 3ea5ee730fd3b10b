import { expect, test } from 'vitest';
import { parseRef } from '../hubs/index.js';
import { parseSourceOption } from './source-option.js';

const HF = 'hf:acme/tiny';

test.each([
  [HF, 'https://mirror.example', { kind: 'endpoint', hub: 'hf', url: 'https://mirror.example' }],
  [HF, 'https://mirror.example/', { kind: 'endpoint', hub: 'hf', url: 'https://mirror.example' }],
  [HF, 'http://h:8080/artifactory/hf', { kind: 'endpoint', hub: 'hf', url: 'http://h:8080/artifactory/hf' }],
  ['ms:acme/tiny', 'https://mirror.example', { kind: 'endpoint', hub: 'ms', url: 'https://mirror.example' }],
  [HF, 'ms+https://h/', { kind: 'endpoint', hub: 'ms', url: 'https://h' }],
  ['ms:acme/tiny', 'HF+https://h', { kind: 'endpoint', hub: 'hf', url: 'https://h' }],
  [HF, 'https://h/models/tiny/', { kind: 'folder', url: 'https://h/models/tiny/' }],
  [HF, 'files+https://h', { kind: 'folder', url: 'https://h/' }],
  [
    HF,
    'hf:other/name@v1',
    { kind: 'repository', ref: { origin: 'hf', kind: 'model', id: 'other/name', revision: 'v1' } },
  ],
  [HF, 'ms:datasets/a/b', { kind: 'repository', ref: { origin: 'ms', kind: 'dataset', id: 'a/b' } }],
  [HF, 'https://huggingface.co/a/b', { kind: 'repository', ref: { origin: 'hf', kind: 'model', id: 'a/b' } }],
  [HF, 'https://modelscope.cn/models/a/b', { kind: 'repository', ref: { origin: 'ms', kind: 'model', id: 'a/b' } }],
  [HF, 'https://huggingface.co', { kind: 'endpoint', hub: 'hf', url: 'https://huggingface.co' }],
  ['https://h/x.bin', 'https://m/y.bin', { kind: 'file', url: 'https://m/y.bin' }],
  ['https://h/x.bin', 'https://m/folder/', { kind: 'file', url: 'https://m/folder/' }],
])('beside %s, %s is %j', (ref, text, option) => {
  expect(parseSourceOption(text, parseRef(ref))).toEqual(option);
});

test.each([
  [HF, 'mirror.example', 'USAGE'],
  [HF, 'ftp://mirror.example', 'USAGE'],
  [HF, 'acme/other', 'USAGE'],
  [HF, 'https://', 'USAGE'],
  [HF, 'ms:nothing', 'BAD_REF'],
  ['https://h/x.bin', 'hf+https://h', 'USAGE'],
])('beside %s, %s is refused with %s', (ref, text, code) => {
  expect(() => parseSourceOption(text, parseRef(ref))).toThrow(expect.objectContaining({ code }));
});
