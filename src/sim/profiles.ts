import type { FaultRule } from './faults.js';
import { NETWORKS, type NetworkProfile } from './network.js';
import type { SimOptions } from './options.js';

/** Everything about a simulator that makes a transfer hard, and nothing of what it serves. */
export type SimProfile = Pick<SimOptions, 'network' | 'faults' | 'signedForMs' | 'dieAfterBytes' | 'silentAfterBytes'>;

const MB = 1000 * 1000;
/** Answers that bring a file's bytes: at plain addresses, and behind a hub's redirect. */
const CONTENT = { kind: ['plain', 'cdn', 'ms-download'] } as const;
const fast: NetworkProfile = { totalBytesPerSecond: 100 * MB };

/** Worlds by name, for tests, benchmarks and sweeps: `startSim({ ...PROFILES.expiring, repositories })`. */
export const PROFILES = {
  ...(Object.fromEntries(Object.entries(NETWORKS).map(([name, network]) => [name, { network }])) as {
    readonly [Name in keyof typeof NETWORKS]: { readonly network: (typeof NETWORKS)[Name] };
  }),
  /** Three mirrors of one hub. */
  'mirror-20': { network: { totalBytesPerSecond: 20 * MB } },
  'mirror-50': { network: { totalBytesPerSecond: 50 * MB } },
  'mirror-100': { network: fast },
  /** Four answers at once; who asks for more is refused, and told when to come back, or not. */
  crowded: { network: fast, faults: refusing({ type: 'concurrency-limit', requests: 4, retryAfterSeconds: 1 }) },
  'crowded-mute': { network: fast, faults: refusing({ type: 'concurrency-limit', requests: 4 }) },
  /** Ten requests in each second. */
  windows: { network: fast, faults: refusing({ type: 'rate-limit', requests: 10, windowMs: 1000, tell: 'seconds' }) },
  'windows-mute': {
    network: fast,
    faults: refusing({ type: 'rate-limit', requests: 10, windowMs: 1000, tell: 'nothing' }),
  },
  /** Signed URLs are good for two seconds. */
  expiring: { network: { latencyMs: 10, totalBytesPerSecond: 50 * MB }, signedForMs: 2000 },
  /** Stays connected, takes new connections, and says nothing more. */
  'falls-silent': { network: fast, silentAfterBytes: 64 * MB },
  dies: { network: fast, dieAfterBytes: 64 * MB },
  /** One byte of every file is wrong. */
  lies: { network: fast, faults: [{ on: CONTENT, fault: { type: 'corrupt', atByte: 1_234_567 } }] },
} as const satisfies Readonly<Record<string, SimProfile>>;

function refusing(fault: FaultRule['fault']): readonly FaultRule[] {
  return [{ on: CONTENT, fault }];
}
