import { describe, expect, it } from 'vitest';
import type { Fault, FaultMatch } from '../../src/sim/index.js';
import { BYTES, expectOnlyRightBytes, pullThrough } from './fault-harness.js';
import { hub, MODEL } from './hub.js';
import { newMachine, sluice } from './harness.js';

const MIB = 2 ** 20;

describe('faults that stay end in the documented exit code', () => {
  const staying: [string, number, FaultMatch, Fault][] = [
    ['a byte that is always wrong', 5, { ...BYTES, coversByte: 5 * MIB }, { type: 'corrupt', atByte: 5 * MIB }],
    [
      'always 404 for a file',
      3,
      { kind: 'resolve', path: /config/ },
      { type: 'status', status: 404, headers: { 'x-error-code': 'EntryNotFound' } },
    ],
    [
      '401 for the repository',
      4,
      { kind: 'info' },
      { type: 'status', status: 401, headers: { 'x-error-message': 'Invalid credentials in Authorization header' } },
    ],
    ['always 403 for a file', 4, { kind: 'resolve', path: /config/ }, { type: 'status', status: 403 }],
    ['always 500', 7, { kind: ['cdn', 'resolve'] }, { type: 'status', status: 500 }],
    ['always 429', 7, { kind: ['cdn', 'resolve'] }, { type: 'status', status: 429 }],
    ['a redirect to itself', 7, { kind: 'resolve' }, { type: 'redirect', to: 'self' }],
    ['a server that stalls for ever', 7, { kind: 'cdn' }, { type: 'stall', afterBytes: 1000 }],
    ['garbage for a listing', 7, { kind: 'tree' }, { type: 'body', content: '{{{', contentType: 'application/json' }],
    [
      'a file that changed for good',
      5,
      { kind: 'resolve', path: /config/ },
      { type: 'changed', content: '{"model_type":"evil"}', etag: 'f'.repeat(40) },
    ],
  ];

  it.each(staying)(
    '%s: %i',
    async (_, code, on, fault) => {
      const { sim, machine, done } = await pullThrough({ on, fault });
      expect(done.code, done.stderr).toBe(code);
      expect(done.stderr).not.toMatch(/\n\s+at /);
      await expectOnlyRightBytes(machine, sim.commit('acme/tiny'));
    },
    60_000,
  );

  it('a dead endpoint: 7', async () => {
    const machine = await newMachine({ HF_ENDPOINT: 'http://127.0.0.1:9', SLUICE_NO_PROGRESS: '2s' });
    expect((await sluice(machine, 'pull', 'acme/tiny')).code).toBe(7);
  });

  it('a name that does not exist: 7', async () => {
    const machine = await newMachine({ HF_ENDPOINT: 'http://hub.invalid', SLUICE_NO_PROGRESS: '2s' });
    const done = await sluice(machine, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(7);
    expect(done.stderr).toContain('hub.invalid');
  });

  it.each([
    [['pull', 'acme/nothing'], 3],
    [['pull', 'acme/tiny@no-such-branch'], 3],
    [['pull', 'acme/tiny', '--include', '*.nothing'], 3],
    [['pull', 'acme/tiny', '--offline'], 3],
    [['pull', '../etc'], 2],
    [['pull'], 2],
    [['pull', 'acme/tiny', '--nonsense'], 2],
    [['nonsense'], 2],
    [['pull', 'acme/tiny', '--limit', 'fast'], 2],
  ] as const)('%j: %i', async (args, code) => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, ...args);
    expect(done.code, done.stderr).toBe(code);
    expect(done.stderr).not.toBe('');
  });

  it('gated and private repositories: 4, and 0 with the right token', async () => {
    const token = 'hf_abcdefghijklmnopqrstuvwxyz01234567';
    const sim = await hub({
      users: { [token]: 'ann' },
      repositories: [{ id: 'acme/tiny', files: MODEL, gated: true, tokens: [token] }],
    });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const refused = await sluice(machine, 'pull', 'acme/tiny');
    expect(refused.code, refused.stderr).toBe(4);
    const allowed = await sluice({ ...machine, env: { ...machine.env, HF_TOKEN: token } }, 'pull', 'acme/tiny');
    expect(allowed.code, allowed.stderr).toBe(0);
    expect(sim.leaks).toEqual([]);
    expect(refused.stderr + allowed.stderr + allowed.stdout).not.toContain(token);
  });
});
