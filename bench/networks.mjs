// Networks that misbehave: how near to the ideal time, beside aria2. `--only name,name` runs some; the names are in lib/shapes.mjs.
import { join } from 'node:path';
import { main } from './lib/closing.mjs';
import { runContest } from './lib/contest.mjs';
import { judgeFiles } from './lib/hash-files.mjs';
import { readOptions } from './lib/options.mjs';
import { findPeers, tellMissing } from './lib/peers.mjs';
import { saveResult } from './lib/save.mjs';
import { SHAPES } from './lib/shapes.mjs';
import { askSims, startSims, stopSims } from './lib/sims.mjs';
import { sluice } from './lib/sluice.mjs';

const FILE = 'model.gguf';
const TUNED = ['--timeout=5', '--connect-timeout=5', '--lowest-speed-limit=500K', '--max-tries=0', '--retry-wait=1'];
/** aria2 waits a minute for a silent server, and longer for many of them. */
const TIMEOUT_S = 150;

await main(async () => {
  const options = readOptions();
  const peers = findPeers(['aria2']);
  const missing = tellMissing(peers);
  for (const [name, shape] of Object.entries(SHAPES)) {
    if (options.only !== undefined && !options.only.includes(name)) continue;
    await runShape({ options, peers, missing, name, shape });
  }
});

async function runShape({ options, peers, missing, name, shape }) {
  console.log(`${shape.title} (ideal ${shape.idealS.toFixed(2)} s)`);
  const contestants = [
    { name: 'sluice pull', proves: true, how: 'sluice pull hf:bench/one --source SECOND …', command: ours() },
    ...(peers.aria2.missing === undefined ? aria2Ways(peers.aria2, shape) : []),
  ]
    .filter(({ name: each }) => !options.without.some((word) => each.includes(word)))
    .map((each) => ({ ...each, ...inWorld(shape) }));
  const { bytes, idealS } = shape;
  const result = await runContest({ ...options, contestants, shape: { bytes, idealS, timeoutS: TIMEOUT_S } });
  saveResult(options, `network-${name}`, peers, missing, { title: shape.title, ...result });
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

function aria2Ways(peer, { protocol, isSlowForPeers = false }) {
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
    way('aria2 -x16 -s16, checksum', true, [], isSlowForPeers),
    way('aria2 -x16 -s16, no proof', false, [], true),
    way('aria2 -x16 -s16, tuned, no proof', false, TUNED, true),
  ];
}
