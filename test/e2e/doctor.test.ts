import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Report } from '../../src/doctor/index.js';
import { newMachine, sluice } from './harness.js';
import { buildGguf } from '../../src/scan/testing/build-gguf.js';
import { buildSafetensors, layOut } from '../../src/scan/testing/build-safetensors.js';
import { hub } from './hub.js';

const MB = 1_000_000;

interface Told {
  readonly report: Report;
  readonly code: number | null;
}

async function examine(env: Readonly<Record<string, string>>, ...subject: readonly string[]): Promise<Told> {
  const machine = await newMachine(env);
  const { code, stdout, stderr } = await sluice(machine, 'doctor', ...subject, '--json');
  expect(stdout, stderr).not.toBe('');
  expect(await readdir(machine.home).catch(() => [])).toEqual([]);
  return { report: JSON.parse(stdout) as Report, code };
}

describe('sluice doctor', () => {
  it('finds what holds each connection down, where the bytes really come from', async () => {
    const sim = await hub({ network: { connectionBytesPerSecond: 2 * MB } });
    const { report, code } = await examine({ HF_ENDPOINT: sim.url }, 'hf:acme/tiny');
    expect(report.findings[0]).toMatchObject({ cause: 'CONNECTION_CAP', severity: 'slows' });
    expect(report.facts.hosts.map(({ role }) => role)).toEqual(['hub', 'content']);
    expect(report.findings[0]?.about).toBe(report.facts.hosts[1]?.host);
    expect(code).toBe(7);
  });

  it('finds a line that no number of connections makes faster', async () => {
    const sim = await hub({ network: { totalBytesPerSecond: 4 * MB } });
    const { report } = await examine({ HF_ENDPOINT: sim.url }, 'hf:acme/tiny');
    expect(report.findings.map(({ cause }) => cause)).toContain('SLOW_LINE');
    expect(report.findings.map(({ cause }) => cause)).not.toContain('CONNECTION_CAP');
  });

  it('goes as far as it gets: nobody listens, or the name is nobody’s', async () => {
    const closed = await examine({}, '127.0.0.1:9');
    expect(closed.report.findings[0]).toMatchObject({ cause: 'UNREACHABLE', about: '127.0.0.1:9' });
    expect(closed.code).toBe(7);
    const unknown = await examine({}, 'nobody.invalid');
    expect(unknown.report.findings[0]?.cause).toBe('NAME_UNKNOWN');
  });

  it('tells people in sentences, in their language', async () => {
    const machine = await newMachine({});
    const english = await sluice(machine, 'doctor', '127.0.0.1:9');
    expect(english.stdout).toContain('127.0.0.1:9 cannot be reached.');
    const chinese = await sluice(machine, 'doctor', '127.0.0.1:9', '--lang', 'zh');
    expect(chinese.stdout).toContain('无法连接到 127.0.0.1:9。');
  });

  it('reads what a model is from its first bytes, and says where it runs', async () => {
    const config = { model_type: 'llama', transformers_version: '4.40.0', max_position_embeddings: 4096 };
    const shape = { num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, hidden_size: 64 };
    const { header, dataBytes } = layOut([
      { name: 'a', dtype: 'BF16', bits: 16, shape: [512, 2048] },
      { name: 'b', dtype: 'F32', bits: 32, shape: [16] },
    ]);
    const gguf = buildGguf({ metadata: {}, tensors: [], dataBytes: 300_000 });
    const files = {
      'config.json': JSON.stringify({ ...config, ...shape }),
      'model.safetensors': buildSafetensors(header, dataBytes),
      'm-Q4_K_M.gguf': gguf,
    };
    const sim = await hub({ repositories: [{ id: 'acme/fits', files }] });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const { stdout } = await sluice(machine, 'doctor', 'hf:acme/fits', '--json');
    const { facts, fit } = JSON.parse(stdout) as Report;
    expect(facts.model?.failures).toEqual([]);
    expect(facts.model?.shape).toEqual({ mostTokens: 4096, cacheBytesPerToken: 2 * 2 * 2 * 16 * 2 });
    expect(facts.model?.variants).toMatchObject([
      { name: 'model', format: 'safetensors', types: { BF16: 1_048_576, F32: 16 } },
      { name: 'Q4_K_M', format: 'gguf', sizeBytes: gguf.length },
    ]);
    expect(fit?.variants[0]?.needs).toHaveLength(4);
    const told = await sluice(machine, 'doctor', 'hf:acme/fits');
    expect(told.stdout.replace(/\s+/g, ' ')).toContain('1.05 M parameters, BF16, made for 4096 tokens');
  });

  it('says which weights are not what they say', async () => {
    const sim = await hub();
    const { report } = await examine({ HF_ENDPOINT: sim.url }, 'hf:acme/tiny');
    const paths = report.facts.model?.failures.map(({ path, code }) => `${code} ${path}`).sort();
    expect(paths).toEqual(['ST-LENGTH model-00001-of-00002.safetensors', 'ST-LENGTH model-00002-of-00002.safetensors']);
  });

  it('says that it does not fit the GPU that is here, which needs something done', async () => {
    const tools = await mkdtemp(join(tmpdir(), 'sluice-tools-'));
    onTestFinished(() => rm(tools, { recursive: true }));
    await writeFile(join(tools, 'nvidia-smi'), '#!/bin/sh\necho "Small One, 1025, 0, 0, 550.1"\n', { mode: 0o755 });
    const sim = await hub();
    const env = { HF_ENDPOINT: sim.url, PATH: `${tools}:${process.env.PATH ?? ''}` };
    const { report, code } = await examine(env, 'hf:acme/tiny');
    expect(report.facts.machine.gpus).toMatchObject([{ name: 'Small One', memoryBytes: 1025 * 2 ** 20 }]);
    expect(report.findings[0]).toMatchObject({ cause: 'DOES_NOT_FIT_GPU', severity: 'unfit', about: 'Small One' });
    expect(code).toBe(8);
  });
});
