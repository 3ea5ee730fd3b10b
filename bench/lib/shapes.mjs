// Networks that misbehave, and the time that nobody can beat on them. Rates are bytes per second.
const MB = 1e6;
const MIB = 2 ** 20;
const SMALL = 256 * MIB;
const LARGE = 2048 * MIB;
/** Answers that bring the file: at plain addresses, and behind a hub's redirect. */
const CONTENT = ['plain', 'cdn'];

const MIRRORS = [20, 50, 100].map((rate) => ({ network: { totalBytesPerSecond: rate * MB } }));
const SLOWER = MIRRORS.slice(0, 2);
const FASTEST = MIRRORS[2];
/** What the fastest has sent when half of the file is there. */
const fastestHalf = (bytes) => Math.floor((bytes * 0.5 * 100) / 170);
/** Half with everybody, the rest with those who are left. */
const halfThenRest = (bytes) => (bytes * 0.5) / (170 * MB) + (bytes * 0.5) / (70 * MB);

function capped(bytes) {
  return {
    bytes,
    idealS: bytes / (100 * MB),
    sims: [{ network: { connectionBytesPerSecond: 5 * MB, totalBytesPerSecond: 100 * MB, latencyMs: 30 } }],
  };
}

/** One wrong byte in each of `count` places. */
function wrongBytes(bytes, count) {
  return Array.from({ length: count }, (_, index) => {
    const atByte = Math.floor((bytes * (index + 0.5)) / count);
    return { on: { kind: CONTENT, coversByte: atByte }, fault: { type: 'corrupt', atByte } };
  });
}

/** { name: { title, bytes, idealS, sims: what each source is, protocol?, isSlowForPeers?: they take minutes } } */
export const SHAPES = {
  'capped-256': { title: '5 MB/s a connection, 100 MB/s in all, 30 ms; 256 MiB', ...capped(SMALL) },
  'mirrors-256': {
    title: 'Mirrors of 20, 50 and 100 MB/s; 256 MiB',
    bytes: SMALL,
    idealS: SMALL / (170 * MB),
    sims: MIRRORS,
  },
  dies: {
    title: 'The same mirrors, the fastest dies at half',
    bytes: SMALL,
    idealS: halfThenRest(SMALL),
    sims: [...SLOWER, { ...FASTEST, dieAfterBytes: fastestHalf(SMALL) }],
  },
  stalls: {
    isSlowForPeers: true,
    title: 'The same mirrors, the fastest falls silent at half',
    bytes: SMALL,
    idealS: halfThenRest(SMALL),
    sims: [...SLOWER, { ...FASTEST, stallAfterBytes: fastestHalf(SMALL) }],
  },
  lies: {
    title: 'The same mirrors, the 50 MB/s one sends wrong bytes; ideal: the honest ones alone',
    bytes: SMALL,
    idealS: SMALL / (120 * MB),
    sims: [MIRRORS[0], { ...MIRRORS[1], faults: wrongBytes(SMALL, 16) }, FASTEST],
  },
  'slow-edges': {
    isSlowForPeers: true,
    title: '70 % of connections get 0.3 MB/s, the others 10, 100 in all, 20 ms',
    bytes: SMALL,
    idealS: SMALL / (100 * MB),
    sims: [
      {
        network: {
          connectionBytesPerSecond: 10 * MB,
          totalBytesPerSecond: 100 * MB,
          slowShare: 0.7,
          slowBytesPerSecond: 0.3 * MB,
          latencyMs: 20,
        },
      },
    ],
  },
  'rate-limit': {
    title: '100 MB/s, ten requests a second, 429 beyond (Retry-After)',
    bytes: SMALL,
    idealS: SMALL / (100 * MB),
    sims: [
      {
        network: { totalBytesPerSecond: 100 * MB },
        faults: [
          { on: { kind: CONTENT }, fault: { type: 'rate-limit', requests: 10, windowMs: 1000, tell: 'seconds' } },
        ],
      },
    ],
  },
  'signed-urls': {
    title: '50 MB/s from signed URLs that expire after 2 s',
    bytes: SMALL,
    idealS: SMALL / (50 * MB),
    protocol: 'hub',
    sims: [{ network: { totalBytesPerSecond: 50 * MB, latencyMs: 10 }, signedForMs: 2000 }],
  },
  'capped-2048': { title: '5 MB/s a connection, 100 MB/s in all, 30 ms; 2 GiB', ...capped(LARGE) },
  'mirrors-2048': {
    title: 'Mirrors of 20, 50 and 100 MB/s; 2 GiB',
    bytes: LARGE,
    idealS: LARGE / (170 * MB),
    sims: MIRRORS,
  },
};
