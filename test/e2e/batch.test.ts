import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hub, isRight } from './hub.js';
import { eventsOf, newMachine, sluice, sluiceWith } from './harness.js';

const FILES = { 'config.json': '{"a":1}', 'w.safetensors': 'weights' };
const repositories = ['acme/one', 'acme/two', 'acme/three'].map((id) => ({ id, files: FILES }));

describe('a list of refs', () => {
  const LIST = '\ufeff# models for today\r\nacme/one\r\n\r\n  hf:acme/two@main   # the second\r\nacme/one\n';

  it('from a file and from standard input: every ref once, each path on its line', async () => {
    const sim = await hub({ repositories });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    await writeFile(join(machine.root, 'list.txt'), LIST);
    for (const [stdin, name] of [
      [undefined, 'list.txt'],
      [LIST, '-'],
    ] as const) {
      const options = stdin === undefined ? {} : { stdin };
      const done = await sluiceWith(machine, options, 'pull', 'acme/three', '--list', name);
      expect(done.code, done.stderr).toBe(0);
      const paths = done.stdout.trim().split('\n');
      expect(paths.map((path) => path.split('/').find((part) => part.startsWith('models--')))).toEqual([
        'models--acme--three',
        'models--acme--one',
        'models--acme--two',
      ]);
      for (const path of paths) expect(await isRight(FILES, 'w.safetensors', join(path, 'w.safetensors'))).toBe(true);
    }
    expect(sim.requests.filter(({ kind }) => kind === 'info').length).toBe(6);
  });

  it('goes on after one that fails, and says which; the exit code is not 0', async () => {
    const sim = await hub({ repositories });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const stdin = 'acme/one\nacme/missing\nacme/two\n';
    const done = await sluiceWith(machine, { stdin }, 'pull', '--list', '-');
    expect(done.code, done.stderr).toBe(3);
    expect(done.stdout.trim().split('\n').length).toBe(2);
    expect(done.stderr).toContain('acme/missing');
    expect(done.stderr).toContain('2 of 3 done');
    const json = await sluiceWith(machine, { stdin }, 'pull', '--list', '-', '--json');
    const endings = eventsOf(json).filter(({ type }) => type === 'pull.done' || type === 'pull.failed');
    expect(endings.map(({ type }) => type)).toEqual(['pull.done', 'pull.failed', 'pull.done']);
  });

  it.each([
    ['that is empty', ['--list', '-']],
    ['that is not there', ['--list', 'absent.txt']],
    ['of several, into one folder', ['acme/one', 'acme/two', '--to', 'flat']],
  ])('%s: 2', async (_, args) => {
    const done = await sluice(await newMachine(), 'pull', ...args);
    expect(done.code, done.stderr).toBe(2);
  });
});
