// Networks that misbehave, and the time that nobody can beat on them. The worlds are the simulator's own, by name.
import { PROFILES } from '../../dist/sim/index.js';

const MIB = 2 ** 20;
/** Answers that bring the file: at plain addresses, and behind a hub's redirect. */
const CONTENT = ['plain', 'cdn'];
const { capped, collapsing, crowded, edges, expiring, lossy, windows } = PROFILES;
const MIRRORS = [PROFILES['mirror-20'], PROFILES['mirror-50'], PROFILES['mirror-100']];

const rateOf = ({ network }) => network.totalBytesPerSecond;
const rateOfAll = (sims) => sims.reduce((sum, each) => sum + rateOf(each), 0);
const idealS = (bytes, ...sims) => bytes / rateOfAll(sims);

/**
 * { name: { title, bytes, idealS, sims: what each source is, protocol?, isSlowForPeers?: they take minutes, isExtra?: no goal
 * hangs on it } } for small files of `bytes`; the large ones have eight times as many.
 */
export function shapesOf(bytes = 256 * MIB) {
  const large = 8 * bytes;
  const [slow, middle, fast] = MIRRORS;
  /** What the fastest has sent when half of the file is there. */
  const fastestHalf = Math.floor((bytes * 0.5 * rateOf(fast)) / rateOfAll(MIRRORS));
  /** Half with everybody, the rest with those who are left. */
  const halfThenRest = idealS(bytes / 2, ...MIRRORS) + idealS(bytes / 2, slow, middle);
  const one = (title, sim, rest = {}) => ({ title, bytes, idealS: idealS(bytes, sim), sims: [sim], ...rest });
  return {
    'capped-256': one('5 MB/s a connection, 100 MB/s in all, 30 ms', capped),
    'mirrors-256': { title: 'Mirrors of 20, 50 and 100 MB/s', bytes, idealS: idealS(bytes, ...MIRRORS), sims: MIRRORS },
    dies: {
      title: 'The same mirrors, the fastest dies at half',
      bytes,
      idealS: halfThenRest,
      sims: [slow, middle, { ...fast, dieAfterBytes: fastestHalf }],
    },
    stalls: {
      isSlowForPeers: true,
      title: 'The same mirrors, the fastest falls silent at half',
      bytes,
      idealS: halfThenRest,
      sims: [slow, middle, { ...fast, silentAfterBytes: fastestHalf }],
    },
    lies: {
      title: 'The same mirrors, the 50 MB/s one sends wrong bytes; ideal: the honest ones alone',
      bytes,
      idealS: idealS(bytes, slow, fast),
      sims: [slow, { ...middle, faults: wrongBytes(bytes, 16) }, fast],
    },
    'slow-edges': one('70 % of connections get 0.3 MB/s, the others 10, 100 in all, 20 ms', edges, {
      isSlowForPeers: true,
    }),
    collapse: one('12.5 MB/s a connection, 100 in all, which fall with the cube beyond 8 at once', collapsing, {
      isSlowForPeers: true,
    }),
    'rate-limit': one('100 MB/s, ten requests a second, 429 beyond (Retry-After)', windows),
    'signed-urls': one('50 MB/s from signed URLs that expire after 2 s', expiring, { protocol: 'hub' }),
    crowded: one('100 MB/s, four answers at once, 429 beyond (Retry-After)', crowded, { isExtra: true }),
    // A few MB/s are all that sixteen connections get of it.
    'lossy-emulated': {
      ...one('500 Mbit/s, 100 ms, 1 % loss, its effect emulated', lossy),
      bytes: bytes / 8,
      idealS: idealS(bytes / 8, lossy),
      isExtra: true,
      isSlowForPeers: true,
    },
    'capped-2048': {
      ...one('5 MB/s a connection, 100 MB/s in all, 30 ms', capped),
      bytes: large,
      idealS: idealS(large, capped),
      isLarge: true,
    },
    'mirrors-2048': {
      title: 'Mirrors of 20, 50 and 100 MB/s',
      bytes: large,
      idealS: idealS(large, ...MIRRORS),
      sims: MIRRORS,
      isLarge: true,
    },
  };
}

/** One wrong byte in each of `count` places. */
function wrongBytes(bytes, count) {
  return Array.from({ length: count }, (_, index) => {
    const atByte = Math.floor((bytes * (index + 0.5)) / count);
    return { on: { kind: CONTENT, coversByte: atByte }, fault: { type: 'corrupt', atByte } };
  });
}
