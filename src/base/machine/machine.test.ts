import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupFolders } from './control-groups.js';
import { LEAST_BUFFER_BYTES, engineBudget, type MachineDescription } from './engine-budget.js';
import { readMachine } from './read-machine.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const machine = (limitBytes?: number, more: Partial<MachineDescription> = {}): MachineDescription => ({
  memoryGroups: limitBytes === undefined ? [] : [{ limitBytes }],
  processors: 8,
  ...more,
});

describe('the budget of the engine', () => {
  it.each([
    ['no limit known', machine(), 64, 4, 51],
    ['a container of 2 GiB', machine(2 * GIB), 64, 4, 51],
    ['a container of 256 MiB', machine(256 * MIB), 55, 3, 44],
    ['a container of 128 MiB', machine(128 * MIB), 16, 1, 12],
    ['a container that Node alone fills', machine(48 * MIB), 4, 1, 3],
    [
      'a container shared with something large',
      { ...machine(), memoryGroups: [{ limitBytes: GIB, usedBytes: 960 * MIB }] },
      12,
      1,
      9,
    ],
    ['a full machine', machine(undefined, { availableBytes: 100 * MIB }), 22, 1, 17],
    ['half a processor', machine(GIB, { processorQuota: 0.5 }), 64, 1, 51],
    ['two and a half processors', machine(GIB, { processorQuota: 2.5 }), 64, 3, 51],
    ['two processors', machine(GIB, { processors: 2 }), 64, 2, 51],
  ])('%s', (_, description, bufferMib, threads, connections) => {
    expect(engineBudget(description)).toEqual({ bufferBytes: bufferMib * MIB, threads, connections });
  });

  it('a setting may ask for more or less, but not for what is not there', () => {
    expect(engineBudget(machine(), 256 * MIB)).toMatchObject({ bufferBytes: 256 * MIB, connections: 204 });
    expect(engineBudget(machine(), 8 * MIB)).toMatchObject({ bufferBytes: 8 * MIB, connections: 6 });
    expect(engineBudget(machine(128 * MIB), 256 * MIB).bufferBytes).toBe(16 * MIB);
  });

  it('is possible whatever the machine says, and no larger where there is less', () => {
    const bytes = fc.double({ min: 0, max: 2 ** 50, noNaN: true });
    const group = fc.record({ limitBytes: bytes, usedBytes: bytes });
    const description = fc.record({
      memoryGroups: fc.array(group),
      availableBytes: bytes,
      processors: fc.integer({ min: 1, max: 512 }),
      processorQuota: fc.double({ min: 1e-9, max: 1e6, noNaN: true }),
    });
    fc.assert(
      fc.property(description, group, (one, more) => {
        const budget = engineBudget(one);
        expect(budget.bufferBytes).toBeGreaterThanOrEqual(LEAST_BUFFER_BYTES);
        expect(budget.bufferBytes).toBeLessThanOrEqual(64 * MIB);
        expect(budget.threads).toBeGreaterThanOrEqual(1);
        expect(budget.threads).toBeLessThanOrEqual(4);
        expect(budget.connections).toBeGreaterThanOrEqual(1);
        const tighter = engineBudget({ ...one, memoryGroups: [...one.memoryGroups, more] });
        expect(tighter.bufferBytes).toBeLessThanOrEqual(budget.bufferBytes);
      }),
    );
  });
});

const UNIFIED = '31 23 0:28 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw\n';
const OLDER =
  '30 23 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n' +
  '35 30 0:32 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n' +
  '36 30 0:33 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n' +
  '41 30 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n';

const tree = (files: Readonly<Record<string, string>>) => (path: string) => files[path];

describe('the machine as the kernel describes it', () => {
  it('unified groups: the least of all around us, without what the page cache can give back', () => {
    const read = tree({
      '/proc/self/cgroup': '0::/pods/pod1/app\n',
      '/proc/self/mountinfo': UNIFIED,
      '/proc/meminfo': 'MemTotal:       24684000 kB\nMemAvailable:   23000000 kB\n',
      '/sys/fs/cgroup/pods/pod1/app/memory.max': 'max\n',
      '/sys/fs/cgroup/pods/pod1/app/memory.high': '500000000\n',
      '/sys/fs/cgroup/pods/pod1/app/memory.current': '300000000\n',
      '/sys/fs/cgroup/pods/pod1/app/memory.stat': 'anon 1\ninactive_file 100000000\nactive_file 50000000\nfile 7\n',
      '/sys/fs/cgroup/pods/pod1/app/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/pods/pod1/memory.max': '200000000\n',
      '/sys/fs/cgroup/pods/pod1/cpu.max': '150000 100000\n',
      '/sys/fs/cgroup/pods/memory.max': 'max\n',
      '/sys/fs/cgroup/pods/cpu.max': '400000 100000\n',
    });
    expect(readMachine(read, 8)).toEqual({
      memoryGroups: [{ limitBytes: 500_000_000, usedBytes: 150_000_000 }, { limitBytes: 200_000_000 }],
      availableBytes: 23_000_000 * 1024,
      processors: 8,
      processorQuota: 1.5,
    });
  });

  it('older hierarchies, each controller with a group of its own', () => {
    const read = tree({
      '/proc/self/cgroup': '9:name=systemd:/\n4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/docker/abc\n',
      '/proc/self/mountinfo': OLDER,
      '/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes': '134217728\n',
      '/sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes': '100000000\n',
      '/sys/fs/cgroup/memory/docker/abc/memory.stat':
        'cache 0\ntotal_inactive_file 30000000\ntotal_active_file 10000000\n',
      '/sys/fs/cgroup/memory/docker/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us': '50000\n',
      '/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us': '100000\n',
    });
    expect(readMachine(read, 4)).toEqual({
      memoryGroups: [{ limitBytes: 134_217_728, usedBytes: 60_000_000 }],
      processors: 4,
      processorQuota: 0.5,
    });
  });

  it.each([
    ['our group is the top of what is mounted', '/docker/abc', '/docker/abc', ['/sys/fs/cgroup']],
    ['our group lies outside of it', '/docker/abc', '/elsewhere', ['/sys/fs/cgroup']],
    ['it lies above, as seen from a namespace', '/', '/../..', ['/sys/fs/cgroup']],
    [
      'our group lies below',
      '/docker/abc',
      '/docker/abc/x/y',
      ['/sys/fs/cgroup/x/y', '/sys/fs/cgroup/x', '/sys/fs/cgroup'],
    ],
    ['names have blanks', '/a\\040b', '/a b/c', ['/sys/fs/cgroup/c', '/sys/fs/cgroup']],
  ])('a mount of a part of the tree: %s', (_, root, group, folders) => {
    const mountinfo = `31 23 0:28 ${root} /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n`;
    const read = tree({ '/proc/self/cgroup': `0::${group}\n`, '/proc/self/mountinfo': mountinfo });
    expect(groupFolders('memory', read)).toEqual([{ version: 2, folders }]);
  });

  it('is only its processors where the kernel says nothing, or nonsense', () => {
    expect(readMachine(() => undefined, 3)).toEqual({ memoryGroups: [], processors: 3 });
    fc.assert(
      fc.property(fc.string(), (text) => {
        const read = (path: string): string =>
          path === '/proc/self/mountinfo' ? UNIFIED : path === '/proc/self/cgroup' ? '0::/a\n' : text;
        const budget = engineBudget(readMachine(read, 3));
        expect(Number.isInteger(budget.bufferBytes) && Number.isInteger(budget.threads)).toBe(true);
      }),
    );
  });

  it('of this machine is one that can be worked on', () => {
    const budget = engineBudget(readMachine());
    expect(budget.threads).toBeGreaterThanOrEqual(1);
    expect(budget.bufferBytes).toBeGreaterThanOrEqual(LEAST_BUFFER_BYTES);
  });
});
