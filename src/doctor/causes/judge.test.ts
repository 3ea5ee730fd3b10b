import { describe, expect, it } from 'vitest';
import type { Facts, GoodputFacts, GpuFacts, HostFacts } from '../facts.js';
import type { ModelFacts } from '../fit/model-facts.js';
import { judge } from './judge.js';

const MB = 1_000_000;
const GB = 1_000_000_000;

const stage = (streams: number, bytesPerSecond: number): GoodputFacts => ({
  ...{ streams, bytesPerSecond, ms: 1000, bytes: bytesPerSecond, failures: [] },
});
const HOST: HostFacts = {
  origin: 'https://hub.example',
  host: 'hub.example',
  role: 'content',
  names: { ms: 5 },
  resolvers: [{ server: '192.0.2.53', ms: 4, addresses: ['192.0.2.1'] }],
  addresses: [{ address: '192.0.2.1', family: 4, connectMs: [12, 11, 13] }],
  tls: { version: 'TLSv1.3', handshakeMs: 20, issuer: 'A known one', authority: 'A known root', isPublic: true },
  answer: { status: 206, firstByteMs: 40, clockAheadMs: 0 },
  goodput: [stage(1, 90 * MB), stage(8, 110 * MB)],
};
const FACTS: Facts = {
  job: { sizeBytes: 10 * GB, isAssumed: false },
  hosts: [HOST],
  machine: {
    processors: 8,
    memoryBytes: 16 * GB,
    openFiles: 65_536,
    hashBytesPerSecond: 1.5 * GB,
    kernel: { windowBytes: 6 * MB, hasScaling: true, congestion: 'cubic' },
    disk: { path: '/store', freeBytes: 100 * GB, writeBytesPerSecond: GB, syncMs: 2, hardLinks: true, symlinks: true },
  },
};
const PRIVATE = { version: 'TLSv1.3', handshakeMs: 9, issuer: 'Corp', authority: 'Corp (Acme)', isPublic: false };
const broken = (bytes: number, ms: number) => ({ code: 'RESET', message: 'reset', bytes, ms });
const cut = (...all: [bytes: number, ms: number][]): Facts =>
  withHost({
    goodput: [{ ...stage(1, 90 * MB), failures: all.map(([bytes, ms]) => broken(bytes, ms)) }, stage(8, 110 * MB)],
  });
const specimen = { host: 'mirror.example', path: 'w', sizeBytes: 9 };
const withHost = (host: Partial<HostFacts>): Facts => ({ ...FACTS, hosts: [{ ...HOST, ...host }] });
const withMachine = (machine: Partial<Facts['machine']>): Facts => ({
  ...FACTS,
  machine: { ...FACTS.machine, ...machine },
});
const GPU: GpuFacts = {
  ...{ name: 'G', vendor: 'nvidia', memoryBytes: 24 * GB, usedBytes: 0, busyShare: 0, driver: '550.1' },
};
const MODEL: ModelFacts = {
  variants: [{ name: 'model', format: 'safetensors', sizeBytes: 8 * GB, files: 1 }],
  shape: {},
  modelType: 'qwen3',
  transformers: '4.51.0',
  failures: [],
};
const withModel = (machine: Partial<Facts['machine']>, model: Partial<ModelFacts> = {}): Facts => ({
  ...{ ...withMachine(machine), model: { ...MODEL, ...model } },
});
const python = (packages: Readonly<Record<string, string>>, torchCuda = '12.1'): Partial<Facts['machine']> => ({
  ...{ gpus: [GPU], python: { version: '3.11.7', packages, torchCuda } },
});
const withDisk = (disk: Partial<Facts['machine']['disk']>): Facts => ({
  ...FACTS,
  machine: { ...FACTS.machine, disk: { ...FACTS.machine.disk, ...disk } },
});
const causes = (facts: Facts): readonly string[] => judge(facts).findings.map(({ cause }) => cause);
const failure = { code: 'ENOTFOUND', message: 'not found' };

describe('what is named', () => {
  it('is nothing where all is well', () => {
    expect(causes(FACTS)).toEqual([]);
    expect(causes(withModel(python({ torch: '2.3.0', transformers: '4.51.0' })))).toEqual([]);
    // What runs without Python asks nothing of it.
    const gguf = { variants: MODEL.variants.map((each) => ({ ...each, format: 'gguf' as const })) };
    expect(causes(withModel(python({ torch: '2.9.0', transformers: '4.1.0' }, '13.0'), gguf))).toEqual([]);
  });

  it.each<[string, Facts]>([
    ['NAME_UNKNOWN', withHost({ names: { ms: 9, failure }, addresses: [], failure })],
    ['UNREACHABLE', withHost({ addresses: [{ address: '192.0.2.1', family: 4, connectMs: [], failure }], failure })],
    ['UNTRUSTED', withHost({ tls: { ...PRIVATE, distrust: 'self signed' } })],
    ['NOT_ALLOWED', withHost({ answer: { status: 401, firstByteMs: 9 }, goodput: [] })],
    ['BROKEN', withHost({ failure })],
    ['PROXY_FAILS', withHost({ proxy: 'p:3128', failure: { code: 'PROXY', message: '407' } })],
    [
      'PROXY_FAILS',
      withHost({ proxy: 'p:3128', addresses: [{ address: '192.0.2.1', family: 4, connectMs: [], failure }] }),
    ],
    ['INTERCEPTED', withHost({ tls: PRIVATE })],
    ['CUT_BY_SIZE', cut([100 * MB, 900], [101 * MB, 1_900], [100 * MB, 400])],
    ['CUT_BY_TIME', cut([100 * MB, 60_000], [40 * MB, 60_200], [90 * MB, 59_900])],
    ['BREAKS', cut([100 * MB, 60_000], [40 * MB, 200], [90 * MB, 5_900])],
    ['BREAKS', cut([100 * MB, 60_000])],
    ['SERVES_NO_RANGES', withHost({ answer: { status: 200, firstByteMs: 40, servesRanges: false } })],
    [
      'WRONG_BYTES',
      {
        ...FACTS,
        specimens: [
          { ...specimen, isRight: false },
          { ...specimen, isRight: true },
        ],
      },
    ],
    ['LEAKS', { ...FACTS, specimens: [{ ...specimen, isRight: true, sendsTo: 'cdn-lfs.hf.co' }] }],
    ['LEAKS', { ...FACTS, specimens: [{ ...specimen, sendsTo: 'o.example:8443' }], endpoints: ['o.example:8443'] }],
    [
      'RATE_LIMITED',
      withHost({
        goodput: [stage(1, 90 * MB), { ...stage(8, MB), failures: [{ ...broken(0, 3), code: 'RATE_LIMITED' }] }],
      }),
    ],
    ['SLOW_NAMES', withHost({ names: { ms: 2_400 } })],
    [
      'DEAD_ADDRESSES',
      withHost({ addresses: [...HOST.addresses, { address: '2001:db8::1', family: 6, connectMs: [], failure }] }),
    ],
    [
      'DEAD_RESOLVER',
      withHost({
        names: { ms: 5_010 },
        resolvers: [{ server: '192.0.2.99', ms: 5_000, addresses: [], failure }, ...HOST.resolvers],
      }),
    ],
    [
      'SMALL_WINDOW',
      withHost({
        addresses: [{ address: '192.0.2.1', family: 4, connectMs: [180] }],
        goodput: [stage(1, 28 * MB), stage(8, 110 * MB)],
      }),
    ],
    [
      'LOSS',
      withHost({
        ping: { sent: 100, lost: 4, leastMs: 30, meanMs: 31, mostMs: 60 },
        goodput: [stage(1, 2 * MB), stage(8, 12 * MB)],
      }),
    ],
    ['LOSS', withHost({ goodput: [stage(1, 2 * MB), { ...stage(8, 16 * MB), outOfOrderShare: 0.1 }] })],
    ['FAR_AWAY', withHost({ addresses: [{ address: '192.0.2.1', family: 4, connectMs: [290] }] })],
    ['SLOW_ANSWER', withHost({ answer: { status: 206, firstByteMs: 4_000 } })],
    [
      'RATE_LIMITED',
      withHost({ answer: { status: 429, firstByteMs: 9, rateLimit: { remaining: 0, resetMs: 9_000 } } }),
    ],
    ['CONNECTION_CAP', withHost({ goodput: [stage(1, 5 * MB), stage(16, 80 * MB)] })],
    ['SLOW_LINE', withHost({ goodput: [stage(1, 5 * MB), stage(16, 5.2 * MB)] })],
    ['CLOCK_WRONG', withHost({ answer: { status: 206, firstByteMs: 9, clockAheadMs: -7 * 60_000 } })],
    ['DISK_FULL', withDisk({ freeBytes: GB })],
    ['NOT_WRITABLE', withDisk({ failure: { code: 'NO_PERMISSION', message: 'read-only' } })],
    ['SLOW_DISK', withDisk({ writeBytesPerSecond: 20 * MB })],
    ['NO_HARD_LINKS', withDisk({ hardLinks: false })],
    ['QUOTA_FULL', withDisk({ quotaLeftBytes: GB })],
    ['NO_SYMLINKS', withDisk({ symlinks: false })],
    ['LOCKS_IGNORED', withDisk({ keepsOut: false })],
    ['FLOCK_IGNORED', withDisk({ flocks: false })],
    ['CASE_IGNORED', withDisk({ ignoresCase: true })],
    ['NAMES_TOO_SHORT', withDisk({ longestNameBytes: 143 })],
    ['DISK_BUSY', withDisk({ busyShare: 0.8 })],
    ['LITTLE_MEMORY', withMachine({ availableBytes: 100 * MB })],
    ['GPU_WAITS_FOR_DISK', withMachine({ gpus: [{ ...GPU, usedBytes: 20 * GB, busyShare: 0.05 }], waitShare: 0.3 })],
    ['DOES_NOT_FIT_GPU', withModel({ gpus: [{ ...GPU, memoryBytes: 8 * GB }] })],
    ['DOES_NOT_FIT_MEMORY', withModel({ memoryBytes: 8 * GB })],
    ['GPU_MEMORY_TAKEN', withModel({ gpus: [{ ...GPU, usedBytes: 20 * GB, busyShare: 0.9 }] })],
    ['TOO_OLD_TRANSFORMERS', withModel(python({ transformers: '4.50.3' }))],
    ['OLDER_TRANSFORMERS', withModel(python({ transformers: '4.50.3' }), { modelType: 'newest' })],
    ['TORCH_WITHOUT_CUDA', withModel(python({ torch: '2.3.0+cpu' }, ''))],
    ['DRIVER_TOO_OLD', withModel(python({ torch: '2.9.0' }, '13.0'))],
  ])('%s', (cause, facts) => {
    expect(causes(facts)).toEqual([cause]);
  });

  it('is a cut without a word where streams fall silent at the same byte, each by itself', () => {
    const silent = (bytes: number, ms: number, silentMs = 1_000) => ({ ...broken(bytes, ms), silentMs });
    const flows = [stage(4, 90 * MB), stage(16, 90 * MB)];
    const alone = (...each: readonly ReturnType<typeof silent>[]): GoodputFacts[] =>
      each.map((one) => ({ ...stage(1, 90 * MB), failures: [one] }));
    const times = [silent(3 * MB, 100), silent(3.1 * MB, 700, 3_000), silent(3 * MB, 300, 3_000)] as const;
    const found = judge(withHost({ goodput: flows, repeats: alone(...times) })).findings;
    expect(found[0]).toMatchObject({ cause: 'CUT_BY_SIZE', evidence: { afterBytes: 3 * MB, requestSize: '2MB' } });
    // All streams of a stage at one moment: the line paused.
    const paused = { ...stage(16, 90 * MB), failures: Array.from({ length: 16 }, () => silent(3 * MB, 800)) };
    expect(causes(withHost({ goodput: [stage(1, 90 * MB), paused] }))).toEqual([]);
    expect(causes(withHost({ goodput: flows, repeats: alone(silent(9 * MB, 100, 10_000)) }))).toEqual(['BREAKS']);
  });

  it('is no loss where only many streams crowd each other out', () => {
    const slow = [
      { ...stage(1, 2 * MB), outOfOrderShare: 0.001 },
      { ...stage(16, 16 * MB), outOfOrderShare: 0.3 },
    ];
    expect(causes(withHost({ goodput: slow }))).not.toContain('LOSS');
    expect(causes(withHost({ goodput: slow.map((each) => ({ ...each, outOfOrderShare: 0.1 })) }))).toContain('LOSS');
  });

  it('begins where everybody behind loses, too, and not at a router that has no time', () => {
    const heard = (lost: number) => ({ sent: 50, lost, leastMs: 9, meanMs: 9, mostMs: 9 });
    const lossy = { ping: heard(10), goodput: [stage(1, 2 * MB), stage(8, 12 * MB)] };
    const begins = (lost: readonly (number | undefined)[], to = '192.0.2.1'): unknown => {
      const hops = lost.map((count, index) => ({
        ...{ hop: index + 1, address: index === lost.length - 1 ? '192.0.2.1' : `10.0.0.${index + 1}` },
        ...(count === undefined ? {} : { ping: heard(count) }),
      }));
      const { evidence } = judge(withHost({ ...lossy, route: { to, tool: 'ping', hops } })).findings[0] ?? {};
      return evidence?.hop === undefined ? undefined : [evidence.hop, evidence.at, evidence.before];
    };
    expect(begins([0, 0, 12, 9])).toEqual([3, '10.0.0.3', '10.0.0.2']);
    expect(begins([0, 40, 0, 12, 9])).toEqual([4, '10.0.0.4', '10.0.0.3']);
    expect(begins([0, undefined, 12, 9])).toEqual([3, '10.0.0.3', '10.0.0.1']);
    expect(begins([9, 8, 10])).toEqual([1, '10.0.0.1', undefined]);
    // What loses now and then by itself is not where it begins.
    expect(begins([0, 2, 12, 9])?.toString()).toContain('10.0.0.3');
    expect(begins([0, 9, 0])).toBeUndefined();
    expect(begins([0, 9, undefined])).toBeUndefined();
    expect(begins([0, 9], '192.0.2.9')).toBeUndefined();
    expect(begins([])).toBeUndefined();
  });

  it('is not what a hub does with its own storage, nor a family that this machine has no way for', () => {
    const own = { ...specimen, host: 'huggingface.co', isRight: true, sendsTo: 'cas-bridge.xethub.hf.co' };
    expect(causes({ ...FACTS, specimens: [own, { ...own, host: 'mirror.example', sendsTo: 'cdn.example' }] })).toEqual(
      [],
    );
    const noWay = { code: 'ENETUNREACH', message: 'no way' };
    const dead = { address: '2001:db8::1', family: 6, connectMs: [], failure: noWay } as const;
    expect(causes(withHost({ addresses: [...HOST.addresses, dead] }))).toEqual([]);
  });

  it('is that store and view need a copy each, where nothing links', () => {
    const found = causes({ ...withDisk({ freeBytes: 15 * GB, hardLinks: false, symlinks: false }), model: MODEL });
    expect(found[0]).toBe('DOES_NOT_FIT_DISK');
    expect(causes({ ...withDisk({ freeBytes: 15 * GB, hardLinks: false }), model: MODEL })).toEqual(['NO_HARD_LINKS']);
  });

  it('is GPU and memory where neither holds it', () => {
    const small = withModel({ gpus: [{ ...GPU, memoryBytes: 4 * GB }], memoryBytes: 4 * GB });
    expect(causes(small)).toEqual(['DOES_NOT_FIT_GPU', 'DOES_NOT_FIT_MEMORY']);
  });

  it.each<[string, Facts]>([
    ['INTERCEPTED', withHost({ tls: PRIVATE, names: { ms: 3_000 }, goodput: [stage(1, 5 * MB), stage(16, 80 * MB)] })],
    [
      'LEAKS',
      {
        ...withHost({ goodput: [stage(1, 5 * MB), stage(16, 80 * MB)] }),
        specimens: [{ ...specimen, isRight: true, sendsTo: 'cdn-lfs.hf.co' }],
      },
    ],
  ])('is %s before what is slow or does not run, and after what blocks', (cause, facts) => {
    const found = causes({ ...facts, ...withDisk({ writeBytesPerSecond: MB }), hosts: facts.hosts });
    expect(found[0]).toBe(cause);
    expect(found).toEqual(expect.arrayContaining(['CONNECTION_CAP', 'SLOW_DISK']));
    expect(causes({ ...withModel({ gpus: [{ ...GPU, memoryBytes: 8 * GB }] }), ...(facts.specimens && { specimens: facts.specimens }), hosts: facts.hosts })[0]).toBe(cause); // prettier-ignore
    expect(causes({ ...facts, machine: withDisk({ freeBytes: 1 }).machine }).slice(0, 2)).toEqual(['DISK_FULL', cause]);
  });

  it('comes first when it blocks, and otherwise by what it costs', () => {
    const slow = withHost({ names: { ms: 3_000 }, goodput: [stage(1, 5 * MB), stage(16, 80 * MB)] });
    const { findings, expectedMs, possibleMs } = judge(slow);
    expect(findings.map(({ cause }) => cause)).toEqual(['CONNECTION_CAP', 'SLOW_NAMES']);
    expect(findings[0]?.share).toBeGreaterThan(0.9);
    expect(findings.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(expectedMs).toBeCloseTo(((10 * GB) / (5 * MB)) * 1000 + 3_000, 0);
    expect(possibleMs).toBeLessThan((expectedMs ?? 0) / 10);
    const full = { ...slow, machine: withDisk({ freeBytes: 1 }).machine };
    expect(judge(full).findings[0]?.cause).toBe('DISK_FULL');
  });
});
