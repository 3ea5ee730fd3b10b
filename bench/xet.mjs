// A hub whose large files lie in Xet storage, bfloat16 weights: us and hf_xet, which is what `hf download` uses there.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { main } from './lib/closing.mjs';
import { runContest } from './lib/contest.mjs';
import { judgeFiles } from './lib/hash-files.mjs';
import { readOptions } from './lib/options.mjs';
import { findPeers, tellMissing } from './lib/peers.mjs';
import { saveResult, saveSkipped } from './lib/save.mjs';
import { askSims, startSims, stopSims } from './lib/sims.mjs';
import { sluice } from './lib/sluice.mjs';

const MIB = 2 ** 20;
const FILE = 'model.safetensors';
const REPOSITORY = 'bench/one';
const DOWNLOAD = ['download', REPOSITORY];

await main(async () => {
  const options = readOptions();
  const bytes = (options.smoke ? 32 : options.quick ? 256 : 1024) * MIB;
  const title = `Xet storage, ${bytes / MIB} MiB of bfloat16 weights`;
  console.log(title);
  // Cutting and packing takes longer than a download: once, for all.
  const [hub] = await startSims([{ path: FILE, sizeBytes: bytes, style: 'bf16', xet: {} }]);
  if (!(await speaksXet(hub.url))) {
    saveSkipped(options, 'xet', title, 'not supported by this build: the simulator has no Xet storage');
    await stopSims([hub.child]);
    return;
  }
  const peers = findPeers(['hf']);
  const missing = tellMissing(peers);
  const contestants = [
    ours(hub, 'sluice pull', {}),
    ours(hub, 'sluice pull, Xet only', { SLUICE_HF_XET: 'only' }, true),
    python(hub, peers.hf, 'hf download with hf_xet', {}),
    python(hub, peers.hf, 'hf download with hf_xet, high performance', { HF_XET_HIGH_PERFORMANCE: '1' }),
    python(hub, peers.hf, 'hf download without Xet', { HF_HUB_DISABLE_XET: '1' }, true),
  ].filter(({ needs }) => needs?.missing === undefined);
  const result = await runContest({ ...options, contestants, shape: { bytes } });
  saveResult(options, 'xet', peers, missing, { title, ...result });
  if (process.env.BENCH_SIMS) console.log(`    ${JSON.stringify(await askSims([hub]))}`);
  await stopSims([hub.child]);
});

async function speaksXet(url) {
  const answer = await fetch(`${url}/${REPOSITORY}/resolve/main/${FILE}`, { method: 'HEAD', redirect: 'manual' });
  return answer.headers.has('x-xet-hash');
}

function ours(hub, name, env, context = false) {
  return {
    name,
    context,
    proves: true,
    how: `${settings(env)} sluice pull hf:${REPOSITORY} --to DIR`.trim(),
    command: (target) =>
      sluice(target, ['pull', `hf:${REPOSITORY}`, '--to', join(target, 'out')], { HF_ENDPOINT: hub.url, ...env }),
    judge: (target) => judgeAt(hub, join(target, 'out')),
  };
}

function settings(env) {
  return Object.entries(env).flat().join('=');
}

function python(hub, peer, name, env, context = false) {
  return {
    name,
    context,
    proves: false,
    how: `${settings(env)} hf ${DOWNLOAD.join(' ')}`.trim(),
    needs: peer,
    command: (target) => ({
      command: peer.path,
      args: DOWNLOAD,
      env: { HF_ENDPOINT: hub.url, HF_HOME: join(target, 'hf'), HF_HUB_DISABLE_TELEMETRY: '1', HF_HUB_DISABLE_UPDATE_CHECK: '1', ...env }, // prettier-ignore
    }),
    judge: (target) => {
      const snapshots = join(target, 'hf', 'hub', `models--${REPOSITORY.replace('/', '--')}`, 'snapshots');
      const [commit] = readdirSync(snapshots, { withFileTypes: true }).map(({ name: each }) => each);
      return judgeAt(hub, join(snapshots, commit));
    },
  };
}

function judgeAt({ sha256 }, folder) {
  return judgeFiles([{ path: join(folder, FILE), sha256 }]);
}
