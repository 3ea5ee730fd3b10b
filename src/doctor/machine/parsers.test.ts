import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mountOf } from './mount-of.js';
import { parseNvidia, parseRocm } from './parse-gpus.js';
import { parseQuota } from './parse-quota.js';
import { diskWait, readDiskClock } from './watch-disk.js';

const MIB = 2 ** 20;

describe('what is mounted where', () => {
  const info = [
    '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
    '40 22 0:33 / /mnt rw - tmpfs tmpfs rw',
    '41 40 259:2 / /mnt/big\\040disk rw shared:9 - xfs /dev/nvme0n1p2 rw',
    '42 41 0:44 / /mnt/big\\040disk rw - nfs4 server:/export rw',
  ].join('\n');

  it.each([
    ['/', '254:0', 'ext4'],
    ['/home/me', '254:0', 'ext4'],
    ['/mntx', '254:0', 'ext4'],
    ['/mnt', '0:33', 'tmpfs'],
    ['/mnt/big disk/store', '0:44', 'nfs4'],
  ])('%s', (path, number, fileSystem) => {
    expect(mountOf(path, info)).toMatchObject({ number, fileSystem });
  });

  it('takes any text', () => {
    fc.assert(fc.property(fc.string(), (text) => void mountOf('/a', text)));
    expect(mountOf('/a', '')).toBeUndefined();
  });
});

describe('how busy a disk is', () => {
  const files = (busyMs: number, wait: number, idle: number) => (path: string) =>
    path === '/proc/stat'
      ? `cpu  10 0 10 ${idle} ${wait} 0 0 0 5 0\ncpu0 1 1 1 1 1 1 1 1\n`
      : ` 254       0 vda 1 2 3 4 5 6 7 8 0 ${busyMs} 10 0 0 0 0 0 0\n 254       1 vda1 1 2 3 4 5 6 7 8 0 9 9\n`;

  it('is what its counter grew by, of the time that passed', () => {
    const before = { ...readDiskClock('254:0', files(1_000, 100, 500)), atMs: 0 };
    const after = { ...readDiskClock('254:0', files(1_300, 130, 570)), atMs: 400 };
    expect(diskWait(before, after)).toEqual({ busyShare: 0.75, waitShare: 0.3 });
  });

  it('is not told where there is no device, or no such file', () => {
    const one = readDiskClock('0:33', files(1, 1, 1));
    expect(one.busyMs).toBeUndefined();
    expect(diskWait(one, { ...one, atMs: one.atMs + 1 })).toEqual({});
    expect(readDiskClock(undefined, () => undefined)).toEqual({ atMs: expect.any(Number) as number });
  });

  it('is a share whatever the counters say', () => {
    const clock = fc.record({ atMs: fc.double(), busyMs: fc.double(), waitTicks: fc.double(), ticks: fc.double() });
    fc.assert(
      fc.property(clock, clock, (one, other) => {
        for (const share of Object.values(diskWait(one, other)) as number[])
          expect(Number.isNaN(share) || (share >= 0 && share <= 1)).toBe(true);
      }),
    );
  });
});

describe('a quota', () => {
  const output = (numbers: string): string =>
    `Disk quotas for user me (uid 1000):\n  Filesystem  blocks  quota  limit  grace  files  quota  limit  grace\n  /dev/sda1 ${numbers}\n`;

  it.each<[string, number | undefined]>([
    ['100 500 600 0 10 0 0 0', 500 * 1024],
    ['100 500 0 0 10 0 0 0', 400 * 1024],
    ['550* 500 600 6days 10 0 0 0', 50 * 1024],
    ['650* 500 600 none 10 0 0 0', 0],
    ['100 0 0 0 10 0 0 0', undefined],
    ['none', undefined],
  ])('%s', (numbers, left) => {
    expect(parseQuota(output(numbers), '/dev/sda1')).toBe(left);
    expect(parseQuota(output(numbers), '/dev/sdb1')).toBeUndefined();
  });

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'d 1 9 * - none'.split(' '), ' ', '\n') }), (text) => {
        expect(parseQuota(text, 'd') ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('GPUs', () => {
  it('of nvidia-smi', () => {
    const lines =
      'NVIDIA H100 80GB HBM3, 81559, 1024, 7, 550.54.15\nOdd, Name, 24564, 0, [N/A], 535.183.01\nGB10, [N/A], [N/A], 0, 580.1\n';
    const status = '| NVIDIA-SMI 550.54.15    Driver Version: 550.54.15    CUDA Version: 12.4     |';
    expect(parseNvidia(lines, status)).toEqual([
      {
        ...{ name: 'NVIDIA H100 80GB HBM3', vendor: 'nvidia', memoryBytes: 81_559 * MIB, usedBytes: 1024 * MIB },
        ...{ busyShare: 0.07, driver: '550.54.15', cuda: '12.4' },
      },
      {
        ...{ name: 'Odd, Name', vendor: 'nvidia', memoryBytes: 24_564 * MIB, usedBytes: 0 },
        ...{ driver: '535.183.01', cuda: '12.4' },
      },
    ]);
    expect(parseNvidia('NVIDIA-SMI has failed because it could not talk to the driver.\n', '')).toEqual([]);
  });

  it('of rocm-smi, old and new', () => {
    const card = { 'GPU use (%)': '93', 'VRAM Total Memory (B)': '68702699520', 'VRAM Total Used Memory (B)': '1000' };
    const text = JSON.stringify({
      card0: { ...card, 'Card series': 'Instinct MI210' },
      card1: { ...card, 'Card Series': 'Instinct MI250', 'GPU use (%)': 'N/A' },
      card2: { 'Card Series': 'without memory' },
      system: { 'Driver version': '6.7.0' },
    });
    const common = { vendor: 'amd', memoryBytes: 68_702_699_520, usedBytes: 1000, driver: '6.7.0' };
    expect(parseRocm(text)).toEqual([
      { ...common, name: 'Instinct MI210', busyShare: 0.93 },
      { ...common, name: 'Instinct MI250' },
    ]);
  });

  it('of any text are GPUs of whole sizes, or none', () => {
    const line = fc.array(fc.constantFrom('1', '80', 'x', ' ', '-1', '1e9', '99999999999999999999'), { maxLength: 8 });
    const anything = fc.oneof(
      fc.string(),
      line.map((all) => all.join(',')),
      fc.json(),
    );
    fc.assert(
      fc.property(anything, anything, (one, other) => {
        for (const { memoryBytes, usedBytes } of [...parseNvidia(one, other), ...parseRocm(other)]) {
          expect(memoryBytes).toBeGreaterThanOrEqual(0);
          expect(usedBytes).toBeGreaterThanOrEqual(0);
        }
      }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('card0', 'system'), fc.jsonValue()), (value) => {
        expect(parseRocm(JSON.stringify(value))).toEqual([]);
      }),
    );
  });
});
