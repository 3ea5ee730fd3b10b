// One network that misbehaves: us, and aria2 three ways.
import { join } from 'node:path';
import { runContest } from './contest.mjs';
import { judgeFiles } from './hash-files.mjs';
import { saveResult } from './save.mjs';
import { askSims, startSims, stopSims } from './sims.mjs';
import { sluice } from './sluice.mjs';

const FILE = 'model.gguf';
const TUNED = ['--timeout=5', '--connect-timeout=5', '--lowest-speed-limit=500K', '--max-tries=0', '--retry-wait=1'];
/** aria2 waits a minute for a silent server, and longer for many of them. */
const TIMEOUT_S = { quick: 75, full: 150 };

/** `shape`: one of `shapesOf`. */
export async function networkContest({ options, peers, missing, name, shape }) {
  const { bytes, idealS } = shape;
  const title = `${shape.title}; ${bytes / 2 ** 20} MiB`;
  console.log(`${title} (ideal ${idealS.toFixed(2)} s)`);
  const contestants = [
    { name: 'sluice pull', proves: true, how: 'sluice pull hf:bench/one --source SECOND …', command: ours() },
    ...(peers.aria2.missing === undefined ? aria2Ways(peers.aria2, shape, options) : []),
  ]
    .filter(({ name: each }) => !options.without.some((word) => each.includes(word)))
    .map((each) => ({ ...each, ...inWorld(shape) }));
  const timeoutS = Math.max(options.quick ? TIMEOUT_S.quick : TIMEOUT_S.full, idealS * 8);
  const result = await runContest({ ...options, contestants, shape: { bytes, idealS, timeoutS } });
  saveResult(options, `network-${name}`, peers, missing, { title, ...result });
}

function inWorld({ sims, bytes }) {
  // What chance decides is the same for everybody in a round, and another in the next.
  let seed = 0;
  return {
    setUp: () => {
      seed += 1;
      return startSims(sims.map((sim) => ({ path: FILE, sizeBytes: bytes, seed, ...sim })));
    },
    judge: (target, world) => judgeFiles([{ path: join(target, 'out', FILE), sha256: world[0].sha256 }]),
    tearDown: async (world) => {
      if (process.env.BENCH_SIMS) console.log(`    ${JSON.stringify(await askSims(world))}`);
      await stopSims(world.map(({ child }) => child));
    },
  };
}

function ours() {
  return (target, [first, ...others]) => {
    const to = ['--to', join(target, 'out')];
    const mirrors = others.flatMap(({ url }) => ['--source', url]);
    return sluice(target, ['pull', 'hf:bench/one', ...to, ...mirrors], { HF_ENDPOINT: first.url });
  };
}

function aria2Ways(peer, { protocol, isSlowForPeers = false }, { quick }) {
  const path = protocol === 'hub' ? `bench/one/resolve/main/${FILE}` : `files/one/${FILE}`;
  const way = (name, proves, args, context) => ({
    name,
    proves,
    context,
    how: `aria2c -x16 -s16 -k1M ${args.join(' ')} URL …`.replace('  ', ' '),
    command: (target, world) => ({
      command: peer.path,
      args: ['-q', '-x16', '-s16', '-k1M', '-d', join(target, 'out'), '-o', FILE, ...args, ...(proves ? [`--checksum=sha-256=${world[0].sha256}`] : []), ...world.map(({ url }) => `${url}/${path}`)], // prettier-ignore
    }),
  });
  return [
    way('aria2 -x16 -s16, checksum', true, [], isSlowForPeers && quick),
    // Of those that take minutes one says enough when time is short.
    ...(quick && isSlowForPeers ? [] : [way('aria2 -x16 -s16, no proof', false, [], true)]),
    way('aria2 -x16 -s16, tuned, no proof', false, TUNED, true),
  ];
}
