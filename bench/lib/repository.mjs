// A whole repository from a hub: us against the hubs' own clients and against aria2 with a list.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runContest } from './contest.mjs';
import { judgeFiles } from './hash-files.mjs';
import { MODEL, startHub } from './hub.mjs';
import { readOptions } from './options.mjs';
import { findPeers, tellMissing } from './peers.mjs';
import { saveResult } from './save.mjs';
import { sluice } from './sluice.mjs';

/** `aria2Ways`: [{ name, proves, context?, args }], `ownWays`: [{ name, env }], for context — the ways to run them here. */
export async function repositoryContest({ name, title, sizesOf, aria2Ways, ownWays = [] }) {
  const options = readOptions();
  const hub = await startHub({
    dir: options.dir,
    name: `${name}-${options.smoke ? 'smoke' : options.sizeBytes / 2 ** 20}`,
    sizes: sizesOf(options),
  });
  const peers = findPeers(['nginx', 'aria2', 'hf', 'modelscope', 'hf.js']);
  const missing = tellMissing(peers);
  const contestants = [
    ours(hub, { name: 'sluice pull', env: {} }),
    ...ownWays.map((way) => ours(hub, { ...way, context: true })),
    huggingFace(hub, peers.hf, 'hf download, hf_xet installed', {}),
    huggingFace(hub, peers.hf, 'hf download, hf_xet off', { HF_HUB_DISABLE_XET: '1' }, true),
    modelScope(hub, peers.modelscope),
    huggingFaceJs(hub, peers['hf.js']),
    ...aria2Ways.map((way) => aria2(hub, peers.aria2, options.dir, way)),
  ]
    .filter((each) => each.needs?.missing === undefined && !options.without.some((word) => each.name.includes(word)))
    .map((each) => ({ ...each, setUp: hub.warm }));
  const bytes = hub.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  console.log(`${title}: ${hub.files.length} files, ${(bytes / 1e9).toFixed(2)} GB`);
  const result = await runContest({ ...options, contestants, shape: { bytes, files: hub.files.length } });
  saveResult(options, name, peers, missing, { title, ...result });
}

function ours(hub, { name, env, context }) {
  return {
    name,
    context,
    proves: true,
    how: `${Object.entries(env).flat().join('=')} sluice pull hf:${MODEL}`.trim(),
    command: (target) => sluice(target, ['pull', `hf:${MODEL}`], { HF_ENDPOINT: hub.url, ...env }),
    judge: (target) => judgeSnapshot(hub, target),
  };
}

function huggingFace(hub, peer, name, env, context = false) {
  return {
    name,
    context,
    proves: false,
    how: `hf download ${MODEL}`,
    needs: peer,
    command: (target) => ({
      command: peer.path,
      args: ['download', MODEL],
      env: {
        HF_ENDPOINT: hub.url,
        HF_HOME: join(target, 'hf'),
        HF_HUB_DISABLE_TELEMETRY: '1',
        HF_HUB_DISABLE_UPDATE_CHECK: '1',
        ...env,
      },
    }),
    judge: (target) => judgeSnapshot(hub, target),
  };
}

async function judgeSnapshot(hub, target) {
  const snapshots = join(target, 'hf', 'hub', `models--${MODEL.replace('/', '--')}`, 'snapshots');
  try {
    return await judgeIn(hub, join(snapshots, readdirSync(snapshots)[0]));
  } catch {
    return 'missing';
  }
}

function huggingFaceJs(hub, peer) {
  return {
    name: '@huggingface/hub snapshotDownload',
    context: true,
    proves: false,
    how: 'snapshotDownload({ repo, hubUrl, cacheDir }) in Node',
    needs: peer,
    command: (target) => ({
      command: process.execPath,
      args: [join(import.meta.dirname, 'js-client.mjs'), peer.path, hub.url, MODEL, join(target, 'hf', 'hub')],
    }),
    judge: (target) => judgeSnapshot(hub, target),
  };
}

function modelScope(hub, peer) {
  return {
    name: 'modelscope download',
    proves: true,
    how: `modelscope download --model ${MODEL} --local_dir DIR`,
    needs: peer,
    command: (target) => ({
      command: peer.path,
      args: ['download', '--model', MODEL, '--local_dir', join(target, 'out')],
      env: {
        MODELSCOPE_ENDPOINT: hub.url,
        MODELSCOPE_DOMAIN: new URL(hub.url).host,
        MODELSCOPE_CACHE: join(target, 'ms'),
      },
    }),
    judge: (target) => judgeIn(hub, join(target, 'out')),
  };
}

function aria2(hub, peer, dir, { name, proves, context, args }) {
  const list = join(dir, `aria2-${proves ? 'proven' : 'plain'}.txt`);
  const entries = hub.files.map(({ path, sha256 }) =>
    [`${hub.resolveUrl}/${path}`, `  out=${path}`, ...(proves ? [`  checksum=sha-256=${sha256}`] : [])].join('\n'),
  );
  writeFileSync(list, `${entries.join('\n')}\n`);
  return {
    name,
    proves,
    context,
    how: `aria2c ${args.join(' ')} -i LIST${proves ? ' (with checksums)' : ''}`,
    needs: peer,
    command: (target) => ({ command: peer.path, args: ['-q', ...args, '-d', join(target, 'out'), '-i', list] }),
    judge: (target) => judgeIn(hub, join(target, 'out')),
  };
}

async function judgeIn({ files }, folder) {
  return judgeFiles(files.map(({ path, sha256 }) => ({ path: join(folder, path), sha256 })));
}
