import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding, HostFacts, Report, SourcesReport } from '../../doctor/index.js';
import { CAUSE_TEXTS } from '../texts/causes.js';
import { renderDiagnosis } from './diagnosis.js';
import type { Look } from './look.js';
import { renderSources } from './sources.js';
import { createSigns, createStyle } from './style.js';
import { displayWidth } from './width.js';

const look = (lang: 'en' | 'zh', unicode = true): Look => ({
  ...{ lang, style: createStyle(false), signs: createSigns(unicode) },
});
const LOOKS = [look('en'), look('zh'), look('en', false)];

const heard = (lost: number) => ({ sent: 50, lost, leastMs: 9, meanMs: 9, mostMs: 9, jitterMs: 1.2 });
const host = (name: string): HostFacts => ({
  ...{ origin: `https://${name}`, host: name, role: 'content', resolvers: [], names: { ms: 1234 } },
  addresses: ['2001:db8:1234:5678:9abc:def0:1234:5678', '198.51.100.255'].map((address) => ({
    ...{ address, family: address.includes(':') ? 6 : 4, connectMs: [123.4, 567.8] },
  })),
  ping: heard(10),
  route: {
    ...{ to: '198.51.100.255', tool: 'ping' },
    hops: Array.from({ length: 14 }, (_, at) => ({ hop: at + 1, address: `203.0.113.${at}`, ping: heard(at) })),
  },
  tls: {
    version: 'TLSv1.3',
    handshakeMs: 100,
    issuer: 'A',
    authority: 'Zscaler Root CA (Zscaler Inc.)',
    isPublic: true,
  },
  answer: { status: 206, firstByteMs: 1234, sendsTo: 'cas-bridge.xethub.hf.co' },
  goodput: [1, 16].map((streams) => ({ streams, bytes: 1, ms: 1, bytesPerSecond: 123e6 * streams, failures: [] })),
});
const finding = (cause: Finding['cause'], evidence: Finding['evidence']): Finding => ({
  ...{ cause, severity: 'slows', about: 'x', evidence, lostMs: 12_345, share: 0.37, command: 'sluice doctor' },
});
const LOSS = {
  ...{ host: 'cas-bridge.xethub.hf.co', lostPercent: 20, way: 'ping', onePerSecond: 1e6, bestPerSecond: 2e6 },
  ...{ streams: 16, hop: 3, at: '203.0.113.2', before: '203.0.113.1' },
};
const report = (names: readonly string[], path = '/store'): Report => ({
  subject: 'hf:deepseek-ai/DeepSeek-R1-Distill-Qwen-32B-with-a-long-name',
  findings: (Object.keys(CAUSE_TEXTS.en) as Finding['cause'][]).map((cause) => finding(cause, LOSS)),
  ...{ expectedMs: 1e7, possibleMs: 1e5 },
  facts: {
    job: { sizeBytes: 65e9, isAssumed: false },
    hosts: names.map(host),
    machine: {
      ...{ processors: 128, memoryBytes: 512e9, hashBytesPerSecond: 1.8e9, kernel: {} },
      disk: {
        ...{ path, freeBytes: 3.35e12, writeBytesPerSecond: 151e6, syncMs: 1.3, device: '/dev/mapper/vg0-models' },
        ...{ fileSystem: 'ext4', hardLinks: true, symlinks: true, reflinks: true, keepsOut: true },
      },
    },
  },
});

describe('a diagnosis', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'z', '-', '.', '0', '模'), minLength: 1, maxLength: 70 });

  it('is never wider than the screen, in both languages', () => {
    const widths = fc.integer({ min: 64, max: 200 });
    fc.assert(
      fc.property(
        fc.array(name, { maxLength: 3 }),
        name,
        widths,
        fc.constantFrom(...LOOKS),
        (names, path, columns, one) => {
          for (const line of renderDiagnosis(report(names, path), one, columns))
            expect(displayWidth(line), line).toBeLessThanOrEqual(columns);
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each(LOOKS)('cuts no name and no number off its unit', (one) => {
    const names = ['cas-bridge.xethub.hf.co', 'cdn-lfs-us-1.huggingface.co'];
    const lines = renderDiagnosis(report(names), one, 80);
    for (const each of names) expect(lines).toContain(each);
    expect(lines.join('\n')).not.toContain(one.signs.ellipsis);
    const numbers = lines.filter((line) => /\d$/.test(line) && !/\.\d+$/.test(line));
    expect(numbers).toEqual([]);
    for (const line of lines) expect(line).not.toMatch(/^\s*(?:[kMGT]?B(?:\/s)?|ms|s|%)(?:[\s,.;，。]|$)/);
  });

  it('says where loss begins, and what every hop loses', () => {
    const text = renderDiagnosis(report(['a.example']), look('en'), 80)
      .join(' ')
      .replace(/\s+/g, ' ');
    expect(text).toContain('20 % by ping; it begins at hop 3, 203.0.113.2, between it and 203.0.113.1. One stream');
    expect(text).toContain('hops: 1. 203.0.113.0 0 % · 2. 203.0.113.1 2 %');
    const zh = renderDiagnosis(report(['a.example']), look('zh'), 200).join('');
    expect(zh).toContain('从第 3 跳 203.0.113.2 开始（在它与 203.0.113.1 之间）');
  });

  it('counts the weights of a quantised model, of which several share a number', () => {
    const types = { I32: 1e9, F16: 5e8 };
    const variant = { name: 'model', format: 'safetensors', sizeBytes: 5e9, files: 1, types } as const;
    const quantised = { variants: [variant], shape: {}, quantisation: 'gptq', packedBits: 4, failures: [] };
    const fit = { variants: [{ variant, needs: [], place: 'nowhere' }] } as const;
    const facts = { ...report([]).facts, model: quantised };
    const text = renderDiagnosis({ ...report([]), facts, fit }, look('en'), 120).join('\n');
    expect(text).toMatch(/8\.50 B.*I32 \+ F16, GPTQ/);
  });

  it('says that nothing here finds hops', () => {
    const found = report(['a.example']);
    const [first] = found.facts.hosts;
    const hosts = [{ ...first!, route: { to: '192.0.2.1', tool: 'none', hops: [] } as const }];
    const lines = renderDiagnosis({ ...found, facts: { ...found.facts, hosts } }, look('en'), 80);
    expect(lines).toContain('  hops: no ping or traceroute here that finds them');
  });

  it('has the remedy in line behind its arrow', () => {
    const lines = renderDiagnosis({ ...report([]), findings: [finding('CONNECTION_CAP', LOSS)] }, look('en'), 60);
    const at = lines.findIndex((line) => line.startsWith('  → '));
    expect(lines[at + 1]).toMatch(/^ {4}\S/);
  });
});

it('what is said of sources is never wider than the screen, and their table only where nothing else helps', () => {
  const sources: SourcesReport = {
    subject: 'hf:deepseek-ai/DeepSeek-R1-Distill-Qwen-32B',
    file: { path: `${'long/'.repeat(12)}model-00001-of-00163.safetensors`, sizeBytes: 5e9 },
    sources: ['cdn-lfs-us-1.huggingface.co', 'mirror.somewhere.example:8443'].map((source) => ({
      ...{ source, ref: 'hf:deepseek-ai/DeepSeek-R1-Distill-Qwen-32B', answerMs: [1, 2], bytesPerSecond: 1e8 },
      ...{ stability: 0.5, score: 1, agrees: false, failures: [{ code: 'RESET', message: 'reset' }] },
      honesty: { pinsCommits: false, servesRanges: false, rightBytes: false, sendsTo: 'a.example', sharesWith: source },
    })),
  };
  for (const one of LOOKS)
    for (const columns of [60, 80, 200])
      for (const line of renderSources(sources, one, columns))
        expect(displayWidth(line), line).toBeLessThanOrEqual(columns);
});
