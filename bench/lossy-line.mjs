// 500 Mbit/s, 100 ms, 1 % of the packets lost: us without being told, aria2 with the number of connections that suits it best. Over a
// real line between two network namespaces where this machine can (netem is not needed), else the simulator's idea of one.
import { join } from 'node:path';
import { main } from './lib/closing.mjs';
import { runContest } from './lib/contest.mjs';
import { judgeFiles } from './lib/hash-files.mjs';
import { MODEL, startHub } from './lib/hub.mjs';
import { measure } from './lib/measure.mjs';
import { startLine, whyNoLine } from './lib/namespaces.mjs';
import { readOptions } from './lib/options.mjs';
import { findPeers, tellMissing } from './lib/peers.mjs';
import { saveResult, saveSkipped } from './lib/save.mjs';
import { sluice } from './lib/sluice.mjs';
import { mkdirSync, rmSync } from 'node:fs';

const MIB = 2 ** 20;
const FILE = 'model.gguf';
const LINE = { rttMs: 100, lossShare: 0.01, bytesPerSecond: 62.5e6 };
/** As most servers have it; with one that does not mind losses (bbr) there is nothing to be compared. */
const CONGESTION = 'cubic';
const WAYS = [16, 8, 4, 2, 1];
/** A way that takes so much longer than the best so far is not tried to its end. */
const PATIENCE = 1.2;

await main(async () => {
  const options = readOptions();
  const bytes = (options.smoke ? 4 : options.quick ? 24 : 96) * MIB;
  const title = `500 Mbit/s, 100 ms, 1 % loss (${CONGESTION}, a TUN line between two namespaces); ${bytes / MIB} MiB`;
  const why = whyNoLine();
  if (why !== undefined) {
    saveSkipped(options, 'lossy-line', title, `${why}; \`networks.mjs --only lossy-emulated\` needs nothing`);
    return;
  }
  const line = await startLine({ dir: options.dir, ...LINE, congestion: CONGESTION });
  const hub = await startHub({ dir: options.dir, name: `line-${bytes / MIB}`, sizes: { [FILE]: bytes }, address: line.address, wrap: line.server }); // prettier-ignore
  const peers = findPeers(['nginx', 'aria2', 'gcc']);
  const missing = tellMissing(peers);
  const best = await chooseBest(options, peers.aria2, hub, line);
  console.log(`${title}; aria2's best: -x${best}`);
  const contestants = [
    {
      name: 'sluice pull',
      proves: true,
      how: `sluice pull hf:${MODEL}`,
      command: (target) =>
        sluice(target, ['pull', `hf:${MODEL}`, '--to', join(target, 'out')], { HF_ENDPOINT: hub.url }),
    },
    { name: `aria2 -x${best} -s${best}, its best`, proves: false, how: `aria2c -x${best} -s${best} -k1M URL`, command: aria2(peers.aria2, hub, best) }, // prettier-ignore
  ].map((each) => ({
    ...each,
    command: (target) => through(line.client, each.command(target)),
    judge: (target) => judgeFiles([{ path: join(target, 'out', FILE), sha256: hub.files[0].sha256 }]),
  }));
  const shape = { bytes, idealS: bytes / LINE.bytesPerSecond, timeoutS: options.quick ? 60 : 300 };
  const result = await runContest({ ...options, contestants, shape });
  saveResult(options, 'lossy-line', peers, missing, { title, ...result });
});

/** The number of connections with which aria2 is fastest, by one run each. */
async function chooseBest({ target: where, quick, smoke }, peer, hub, line) {
  let best = { wallS: 200, way: WAYS[0] };
  for (const way of WAYS.slice(0, quick || smoke ? 2 : undefined)) {
    const target = join(where, `target-${process.pid}`);
    mkdirSync(target, { recursive: true });
    const run = await measure({ cwd: target, timeoutS: best.wallS * PATIENCE, ...through(line.client, aria2(peer, hub, way)(target)) }); // prettier-ignore
    rmSync(target, { recursive: true, force: true });
    console.log(`  aria2 -x${way}: ${run.wallS.toFixed(1)} s${run.code === 0 ? '' : `, ${run.code}`}`);
    if (run.code === 0 && run.wallS < best.wallS) best = { wallS: run.wallS, way };
  }
  return best.way;
}

function through(words, { command, args, ...rest }) {
  return { command: words[0], args: [...words.slice(1), command, ...args], ...rest };
}

function aria2(peer, hub, connections) {
  return (target) => ({
    command: peer.path,
    args: ['-q', `-x${connections}`, `-s${connections}`, '-k1M', '-d', join(target, 'out'), '-o', FILE, `${hub.filesUrl}/${FILE}`], // prettier-ignore
  });
}
