import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fillTree, treeOf } from '../../src/doctor/remedies/testing/tree.js';
import { newMachine, sluice, startSluice, type Machine } from './harness.js';

/** So many that a run is in the middle of them when it is killed. */
const DISKS = 200;
const MIRROR = ['--mirror', 'https://mirror.example.org'];

/** A system of the test's own, with a disk that has much to be set. */
async function newSystem(): Promise<{ readonly machine: Machine; readonly root: string; readonly apply: string[] }> {
  const machine = await newMachine({});
  const root = join(machine.root, 'system');
  const disks = Array.from({ length: DISKS }, (_, index) => `sys/block/nvme${index}n1/queue`);
  await fillTree(root, {
    'etc/sysctl.d/10-other.conf': 'kernel.x = 1\n',
    'proc/sys/net/core/rmem_max': '212992\n',
    'proc/sys/net/ipv4/tcp_rmem': '4096\t131072\t6291456\n',
    ...Object.fromEntries(
      disks.flatMap((disk) => [
        [`${disk}/rotational`, '1\n'],
        [`${disk}/scheduler`, '[none] mq-deadline\n'],
        [`${disk}/nr_requests`, '64\n'],
        [`${disk}/read_ahead_kb`, '128\n'],
      ]),
    ),
  });
  const measures = ['--rate', '100MB/s', '--rtt', '200ms'];
  return { machine, root, apply: ['doctor', '--remedy', 'kernel', ...measures, '--root', root, '--apply'] };
}

type Tree = Awaited<ReturnType<typeof treeOf>>;

const differing = (one: Tree, other: Tree): number =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((path) => one[path] !== other[path]).length;

/** Applies it and kills it with -9 as soon as something has changed; says how much had. */
async function killInTheMiddle({ machine, root, apply }: Awaited<ReturnType<typeof newSystem>>, before: Tree) {
  const run = startSluice(machine, apply);
  // The drop-in is the first of all changes.
  while (run.child.exitCode === null && !(await readdir(join(root, 'etc/sysctl.d'))).includes('90-sluice.conf'))
    await turn();
  run.child.kill('SIGKILL');
  const { signal } = await run.done;
  return { isKilled: signal === 'SIGKILL', changed: differing(before, await treeOf(root)) };
}

const stateOf = async ({ home }: Machine): Promise<string> =>
  (JSON.parse(await readFile(join(home, 'remedies/1.json'), 'utf8')) as { state: string }).state;

describe.skipIf(process.platform === 'win32')('a remedy that is killed in the middle', () => {
  it.each(['is given back by --undo', 'is taken back by the next --apply, and that by --undo'])('%s', async (way) => {
    const system = await newSystem();
    const { machine, root, apply } = system;
    const before = await treeOf(root);
    const { isKilled, changed } = await killInTheMiddle(system, before);
    expect({ isKilled, state: await stateOf(machine) }).toEqual({ isKilled: true, state: 'applying' });
    expect(changed).toBeGreaterThan(0);
    if (way.includes('next')) {
      const again = await sluice(machine, ...apply);
      expect(again.code, again.stderr).toBe(0);
      expect(await stateOf(machine)).toBe('applied');
      expect(differing(before, await treeOf(root))).toBeGreaterThan(DISKS * 3);
    }
    const undone = await sluice(machine, 'doctor', '--undo');
    expect(undone.code, undone.stderr).toBe(0);
    expect(await treeOf(root)).toEqual(before);
    expect(await readdir(join(machine.home, 'remedies'))).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('remedies that are applied at the same moment', () => {
  it('keep a record each, and leave nothing behind once undone', async () => {
    const machine = await newMachine({});
    const root = join(machine.root, 'system');
    await fillTree(root, { [join(machine.root, '.bashrc').slice(1)]: 'alias x=y\n', 'etc/docker/daemon.json': '{}\n' });
    const before = await treeOf(root);
    const names = ['pip', 'npm', 'docker', 'huggingface', 'modelscope'];
    const done = await Promise.all(
      names.map((name) => sluice(machine, 'doctor', '--remedy', name, ...MIRROR, '--root', root, '--apply', '--json')),
    );
    expect(done.map(({ code }) => code)).toEqual(names.map(() => 0));
    const ids = done.map(({ stdout }) => (JSON.parse(stdout) as { id: string }).id);
    expect([...ids].sort()).toEqual(['1', '2', '3', '4', '5']);
    for (const id of [...ids].sort().reverse()) expect((await sluice(machine, 'doctor', '--undo', id)).code).toBe(0);
    expect(await treeOf(root)).toEqual(before);
  });
});
