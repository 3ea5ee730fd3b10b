import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SluiceError } from '../base/index.js';
import type { PullRequest, PullSettings } from '../pull/index.js';
import type { CliApi } from './api.js';
import { run } from './run.js';
import { PLAN, fakeApi, outcomeOf } from './testing/fake-api.js';
import { fakeHost, type FakeHost } from './testing/fake-host.js';

interface Seen {
  readonly code: number;
  readonly host: FakeHost;
  readonly requests: readonly PullRequest[];
  readonly settings: readonly PullSettings[];
}

async function sluice(
  args: readonly string[],
  options: Parameters<typeof fakeHost>[0] & { api?: Partial<CliApi>; fails?: Record<string, SluiceError> } = {},
): Promise<Seen> {
  const host = fakeHost(options);
  const requests: PullRequest[] = [];
  const settings: PullSettings[] = [];
  const pull: CliApi['pull'] = async (request, context) => {
    requests.push(request);
    settings.push(context.settings);
    const failure = options.fails?.[request.ref];
    if (failure !== undefined) throw failure;
    context.emit({ type: 'plan.ready', ref: request.ref, plan: PLAN });
    return outcomeOf(request.ref);
  };
  const code = await run(args, host, fakeApi({ pull, plan: async () => PLAN, ...options.api }));
  return { code, host, requests, settings };
}

describe('help', () => {
  it('is shown on standard output without arguments, with --help and help, and ends with 0', async () => {
    for (const args of [[], ['--help'], ['help']]) {
      const { code, host } = await sluice(args);
      expect(code).toBe(0);
      expect(host.stdout.text()).toContain('Usage: sluice');
      expect(host.stderr.text()).toBe('');
    }
  });

  it('of a command has its options, also as `help pull`, and speaks Chinese when asked to', async () => {
    for (const args of [
      ['pull', '--help'],
      ['help', 'pull'],
    ]) {
      const { host } = await sluice(args);
      expect(host.stdout.text()).toContain('--include <patterns...>');
    }
    const { host } = await sluice(['pull', '--help', '--lang', 'zh']);
    expect(host.stdout.text()).toContain('用法：');
    expect((await sluice(['--help'], { env: { LANG: 'zh_CN.UTF-8' } })).host.stdout.text()).toContain(
      '把模型拉取到本机',
    );
  });

  it('prints the version', async () => {
    const { code, host } = await sluice(['--version']);
    expect([code, host.stdout.text()]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  });
});

describe('usage errors end with 2, say what was meant, and leave standard output empty', () => {
  it.each([
    [['pul'], 'did you mean pull?'],
    [['pull', 'a/b', '--inclde', 'x'], 'did you mean --include?'],
    [['pull', 'a/b', '--local-dir', 'x'], '--to DIR'],
    [['pull', 'a/b', '--limit'], '--limit'],
    [['pull'], 'Nothing to pull'],
    [['explain'], '<id>'],
    [['ls', 'x'], 'Too many arguments'],
    [['pull', 'a/b', 'c/d', '--revision', 'x'], 'one ref'],
    [['pull', 'a/b', 'c/d', '--to', 'x'], 'one ref'],
    [['pull', 'a/b', 'ms:c/d', '--token', 'x'], 'HF_TOKEN'],
    [['pull', 'a/b', '--json', '--quiet'], 'exclude'],
    [['pull', 'a/b', '--limit', 'fast'], '20MB/s'],
    [['pull', 'a/b', '--view', 'hff'], 'modelscope'],
    [['pull', '--list', '/no/such/list'], '/no/such/list'],
    [['config', 'hf.tokem'], 'hf.token'],
    [['sign', 'm'], '--key FILE'],
    [['sign', 'm', '--keyless'], '`cosign sign` or `model_signing sign sigstore`'],
    [['sign', 'm', '--key', 'k', '--identity-token=x'], '--identity-token belongs to signing without a key'],
    [['sign', 'm', '--keyless', '--lang', 'zh'], '无密钥签名'],
    [['sign', 'm', '--lang', 'zh'], '签名需要密钥'],
    [['convert', 'm', '--lang', 'zh'], '缺少选项 --to'],
  ])('%j', async (args, hint) => {
    const { code, host } = await sluice(args);
    expect(code).toBe(2);
    expect(host.stderr.text().replaceAll(/\s+/g, ' ')).toContain(hint);
    expect(host.stdout.text()).toBe('');
  });
});

describe('pull', () => {
  it('prints the path on standard output and everything else on standard error', async () => {
    const { code, host } = await sluice(['pull', 'hf:a/b']);
    expect(code).toBe(0);
    expect(host.stdout.text()).toBe('/cache/hf:a/b\n');
    expect(host.stderr.text()).toContain('2 files');
  });

  it('is silent but for the path with --quiet', async () => {
    const { host } = await sluice(['pull', 'hf:a/b', '-q']);
    expect([host.stdout.text(), host.stderr.text()]).toEqual(['/cache/hf:a/b\n', '']);
  });

  it('with --json writes one event per line and nothing else, ending in pull.done or pull.failed', async () => {
    const good = await sluice(['pull', 'hf:a/b', '--json']);
    const events = good.host.stdout
      .text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; at: string });
    expect(events.map((event) => event.type)).toEqual(['plan.ready', 'pull.done']);
    expect(events[0]!.at).toBe('2026-11-21T00:00:00.000Z');
    expect(good.host.stderr.text()).toBe('');
    const bad = await sluice(['pull', 'x', '--json'], {
      fails: { x: new SluiceError('GATED', { repository: 'x', host: 'h' }) },
    });
    expect(JSON.parse(bad.host.stdout.text())).toMatchObject({ type: 'pull.failed', ref: 'x', code: 'GATED', exit: 4 });
    expect(bad.code).toBe(4);
  });

  it('does not repeat an ending that the pull reported itself', async () => {
    const api: Partial<CliApi> = {
      pull: async ({ ref }, { emit }) => {
        const { commit: _, ...outcome } = outcomeOf(ref);
        emit({ type: 'pull.done', ...outcome });
        return outcomeOf(ref);
      },
    };
    const { host } = await sluice(['pull', 'hf:a/b', '--json'], { api });
    expect(host.stdout.text().trim().split('\n')).toHaveLength(1);
  });

  it('tries every ref and ends with the code of the first failure', async () => {
    const fails = {
      'hf:a/2': new SluiceError('DIGEST_MISMATCH', { path: 'p', algorithm: 'sha256', expected: 'a', actual: 'b' }),
      'hf:a/3': new SluiceError('REPOSITORY_NOT_FOUND', { host: 'h', repository: 'a/3' }),
    };
    const { code, host, requests } = await sluice(['pull', 'hf:a/1', 'hf:a/2', 'hf:a/3', 'hf:a/4'], { fails });
    expect(requests.map(({ ref }) => ref)).toEqual(['hf:a/1', 'hf:a/2', 'hf:a/3', 'hf:a/4']);
    expect(code).toBe(5);
    expect(host.stdout.text()).toBe('/cache/hf:a/1\n/cache/hf:a/4\n');
    expect(host.stderr.text()).toContain('2 of 4 done, 2 failed');
  });

  it('takes refs from a list and from standard input', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-list-'));
    try {
      writeFileSync(join(folder, 'list'), '\ufeff# ours\n\nhf:a/1   # the first\r\nms:b/2@v1\nhf:a/1\n');
      const fromFile = await sluice(['pull', 'hf:a/0', '--list', 'list'], { cwd: folder });
      expect(fromFile.requests.map(({ ref }) => ref)).toEqual(['hf:a/0', 'hf:a/1', 'ms:b/2@v1']);
    } finally {
      rmSync(folder, { recursive: true });
    }
    const fromStdin = await sluice(['pull', '--list', '-'], { stdin: 'hf:a/9\n' });
    expect(fromStdin.requests.map(({ ref }) => ref)).toEqual(['hf:a/9']);
  });

  it('counts every value of a pattern option, and finds the ref behind it', async () => {
    const patterns = async (...args: string[]) => {
      const { requests } = await sluice(['pull', ...args]);
      return requests.map(({ ref, include, exclude }) => [ref, include, exclude]);
    };
    expect(await patterns('o/n', '--include', 'A', 'B', 'C', '--exclude', 'D')).toEqual([
      ['o/n', ['A', 'B', 'C'], ['D']],
    ]);
    expect(await patterns('o/n', '--include', 'A', '--include', 'B')).toEqual([['o/n', ['A', 'B'], []]]);
    expect(await patterns('--include', 'A', 'hf:o/n')).toEqual([['hf:o/n', ['A'], []]]);
    expect(await patterns('--include', '*.json', 'o/n')).toEqual([['o/n', ['*.json'], []]]);
    expect((await sluice(['pull', '--include', 'config.json'])).code).toBe(2);
  });

  it('gives the token to the hub of the ref alone', async () => {
    const hf = await sluice(['pull', 'o/n', '--token', 'secret-token']);
    expect([hf.settings[0]!.hfToken, hf.settings[0]!.msToken]).toEqual(['secret-token', undefined]);
    const ms = await sluice(['pull', 'ms:o/n', '--token', 'secret-token']);
    expect([ms.settings[0]!.hfToken, ms.settings[0]!.msToken]).toEqual([undefined, 'secret-token']);
  });

  it('hands on folder, view, sources and settings', async () => {
    const args = '--to out --view flat --source https://m1 --source https://m2 --connections 7 --limit 8MB/s --offline';
    const { requests, settings } = await sluice(['pull', 'o/n', '--revision', 'v2', ...args.split(' ')]);
    expect(requests[0]).toMatchObject({
      to: '/work-folder/out',
      view: 'flat',
      sources: ['https://m1', 'https://m2'],
      revision: 'v2',
    });
    expect(settings[0]).toMatchObject({ connections: 7, limit: [{ bytesPerSecond: 8_000_000 }], offline: true });
  });

  it('--dry-run shows the plan and pulls nothing', async () => {
    const { host, requests } = await sluice(['pull', 'o/n', '--dry-run']);
    expect(host.stdout.text()).toContain('to fetch');
    expect(requests).toEqual([]);
    const json = await sluice(['plan', 'o/n', '--json']);
    expect(JSON.parse(json.host.stdout.text())).toMatchObject({ ref: 'o/n', requests: 4 });
  });
});

describe('errors', () => {
  it('give what, why, remedy and code, in the language of the caller', async () => {
    const fails = { 'o/n': new SluiceError('GATED', { repository: 'o/n', host: 'hub.example', reason: 'ask first' }) };
    const en = await sluice(['pull', 'o/n'], { fails });
    expect(en.host.stderr.text()).toContain('o/n is gated on hub.example: ask first.');
    expect(en.host.stderr.text()).toContain('Ask for access');
    expect(en.host.stderr.text()).toContain('GATED, exit 4');
    const zh = await sluice(['pull', 'o/n'], { fails, env: { LANG: 'zh_CN.UTF-8' } });
    expect(zh.host.stderr.text()).toContain('o/n 在 hub.example 上需要申请访问');
  });

  it('of ours show no stack unless SLUICE_DEBUG is set', async () => {
    const api: Partial<CliApi> = {
      listModels: async () => {
        throw new TypeError('boom');
      },
    };
    const plain = await sluice(['ls'], { api });
    expect(plain.code).toBe(1);
    expect(plain.host.stderr.text()).toContain('boom');
    expect(plain.host.stderr.text()).not.toContain('run.test.ts');
    expect((await sluice(['ls'], { api, env: { SLUICE_DEBUG: '1' } })).host.stderr.text()).toContain('run.test.ts');
  });

  it('after an interruption say that everything is kept, whatever broke because of it, and no further ref is tried', async () => {
    const host = fakeHost();
    let pulls = 0;
    const api = fakeApi({
      pull: async () => {
        pulls += 1;
        host.interrupt(new SluiceError('INTERRUPTED'));
        throw new SluiceError('RESET', { host: 'h' });
      },
    });
    expect(await run(['pull', 'a/1', 'a/2'], host, api)).toBe(130);
    expect(pulls).toBe(1);
    expect(host.stderr.text()).toContain('Everything that arrived is kept');
  });
});

describe('verify', () => {
  it('ends with 5 when something is wrong or missing, and with 0 when something only cannot be proven', async () => {
    const report = { target: 'o/n', files: 2, bytes: 10, ms: 5 };
    const verify = async (problem: 'wrong' | 'missing' | 'unknown') =>
      sluice(['verify', 'o/n'], { api: { verify: async () => ({ ...report, findings: [{ path: 'p', problem }] }) } });
    expect([(await verify('wrong')).code, (await verify('missing')).code, (await verify('unknown')).code]).toEqual([
      5, 5, 0,
    ]);
  });
});

describe('config', () => {
  it('shows each value and its origin, with secrets masked', async () => {
    const env = { HF_ENDPOINT: 'https://hub.example', HF_TOKEN: 'hf_abcdefghijklmnopqrstuvwxyz' };
    const { host } = await sluice(['config', '--json'], { env });
    const rows = host.stdout
      .text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string; value: string; origin: unknown });
    const of = (key: string) => rows.find((row) => row.key === key);
    expect(of('hf.endpoints')).toMatchObject({
      value: 'https://hub.example',
      origin: { from: 'environment', name: 'HF_ENDPOINT' },
    });
    expect(host.stdout.text()).not.toContain('abcdefghij');
  });
});
