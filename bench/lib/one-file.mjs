// One large file from one server, over http or https.
import { join } from 'node:path';
import { makeCertificate } from './certificate.mjs';
import { compile } from './compile.mjs';
import { runContest } from './contest.mjs';
import { judgeFiles } from './hash-files.mjs';
import { MODEL, startHub } from './hub.mjs';
import { readOptions } from './options.mjs';
import { findPeers, tellMissing } from './peers.mjs';
import { writePieces } from './pieces.mjs';
import { saveResult, saveSkipped } from './save.mjs';
import { pullKnows, sluice } from './sluice.mjs';

const FILE = 'model.gguf';
const NO_PIECES = 'not supported by this build: `sluice pull` has no `--pieces`';

/** `pieces`: a list of the pieces' digests is at hand, and against nobody who proves. */
export async function oneFile({ tls, pieces = false }) {
  const options = readOptions();
  const { sizeBytes } = options;
  const scheme = tls ? 'https' : 'http';
  const title = `One ${(sizeBytes / 2 ** 30).toFixed(2)} GiB file, ${scheme}${pieces ? ', digests of its pieces at hand' : ''}`;
  const name = pieces ? 'one-file-pieces' : `one-file-${scheme}`;
  if (pieces && !pullKnows('--pieces')) return saveSkipped(options, name, title, NO_PIECES);
  const certificate = tls ? makeCertificate(options.dir) : undefined;
  const hub = await startHub({
    dir: options.dir,
    name: `one-${sizeBytes / 2 ** 20}`,
    sizes: { [FILE]: sizeBytes },
    certificate,
  });
  const peers = findPeers(['nginx', 'aria2', 'curl', 'wget', 'axel', 'gcc']);
  const missing = tellMissing(peers);
  const setting = { dir: options.dir, peers, hub, ca: certificate?.ca };
  const contestants = (pieces ? withPieces(setting) : makeContestants(setting))
    .filter((each) => !options.without.some((word) => each.name.includes(word)))
    .map((each) => ({ ...each, setUp: hub.warm }));
  console.log(title);
  const result = await runContest({ ...options, contestants, shape: { bytes: sizeBytes } });
  saveResult(options, name, peers, missing, { title, ...result });
}

function makeContestants({ dir, peers, hub, ca }) {
  const { filesUrl: base, filesPort: port } = hub;
  const file = hub.files[0];
  const url = `${base}/${file.path}`;
  const at = (target, path) => judgeFiles([{ ...file, path: join(target, path) }]);
  const plain = (peer, name, proves, args) => ({
    name,
    proves,
    context: !proves,
    how: `${peer.name} ${args.filter((each) => each !== url).join(' ')} URL`.replaceAll(ca ?? '\0', 'CA'),
    needs: peer,
    command: () => ({ command: peer.path, args }),
    judge: (target) => at(target, file.path),
  });
  const { aria2, curl, wget, axel, gcc } = peers;
  const aria2Args = ['-x16', '-s16', '--file-allocation=falloc', ...(ca ? [`--ca-certificate=${ca}`] : [])];
  const checksum = `--checksum=sha-256=${file.sha256}`;
  const parts = Array.from({ length: 16 }, (_, index) => partOf(file.sizeBytes, index));
  const curlCa = ca ? ['--cacert', ca] : [];
  const ours = (target, ref, env = {}) =>
    sluice(target, ['pull', ref, '--to', join(target, 'out'), ...(ca ? ['--ca', ca] : [])], env);
  const all = [
    {
      name: 'sluice pull, from a hub',
      proves: true,
      how: `sluice pull hf:${MODEL} --to DIR`,
      command: (target) => ours(target, `hf:${MODEL}`, { HF_ENDPOINT: hub.url }),
      judge: (target) => at(target, join('out', file.path)),
    },
    {
      name: 'sluice pull, from a list of digests',
      proves: true,
      context: true,
      how: 'sluice pull BASE/SHA256SUMS --to DIR',
      command: (target) => ours(target, `${base}/SHA256SUMS`),
      judge: (target) => at(target, join('out', file.path)),
    },
    { ...plain(aria2, 'aria2 -x16 -s16, checksum', true, [...aria2Args, checksum, url]), how: 'aria2c -x16 -s16 --file-allocation=falloc --checksum=sha-256=… URL' }, // prettier-ignore
    plain(aria2, 'aria2 -x16 -s16, no proof', false, [...aria2Args, url]),
    plain(curl, 'curl, one connection', false, ['-sS', ...curlCa, '-O', url]),
    {
      name: 'curl -Z, 16 ranges into 16 files',
      proves: false,
      context: true,
      how: 'curl -Z --parallel-max 16 -r A-B -o part URL … (parts are not joined)',
      needs: curl,
      command: () => ({ command: curl.path, args: ['-sS', '-Z', '--parallel-immediate', '--parallel-max', '16', ...parts.flatMap(([from, to], index) => [...(index > 0 ? ['--next', '-sS'] : []), ...curlCa, '-r', `${from}-${to}`, '-o', `part${index}`, url])] }), // prettier-ignore
      judge: () => Promise.resolve('not joined'),
    },
    plain(wget, 'wget', false, ['-q', ...(ca ? [`--ca-certificate=${ca}`] : []), url]),
    // Its check of the host's name knows no addresses.
    plain(axel, 'axel -n16', false, ['-q', '-n16', ...(ca ? ['-k'] : []), '-o', file.path, url]),
  ];
  if (ca === undefined) all.push(limit({ dir, gcc, port, file, at }));
  all.push(hashLimit(file));
  return all.filter(({ needs }) => needs?.missing === undefined);
}

function limit({ dir, gcc, port, file, at }) {
  const program = compile(dir, 'limit');
  return {
    name: 'C reader/writer, 4 threads (the limit)',
    proves: false,
    how: 'bench/limit.c',
    needs: gcc,
    command: () => ({ command: program, args: ['127.0.0.1', String(port), `/${file.path}`, String(file.sizeBytes), '4', file.path] }), // prettier-ignore
    judge: (target) => at(target, file.path),
  };
}

/** What no proof by SHA-256 of the whole file can beat. */
function hashLimit({ sizeBytes }) {
  return {
    name: 'SHA-256 on one core, from memory (the limit)',
    proves: false,
    how: 'bench/lib/hash-limit.mjs',
    command: () => ({ command: process.execPath, args: [join(import.meta.dirname, 'hash-limit.mjs'), String(sizeBytes)] }), // prettier-ignore
    judge: () => Promise.resolve('nothing written'),
  };
}

/** The file is proven piece by piece; the whole-file digest is not waited for. */
function withPieces(setting) {
  const { dir, hub } = setting;
  const list = writePieces(dir, hub.files[0]);
  const ours = {
    name: 'sluice pull --pieces',
    proves: true,
    how: `sluice pull hf:${MODEL} --pieces LIST --to DIR`,
    command: (target) => sluice(target, ['pull', `hf:${MODEL}`, '--pieces', list, '--to', join(target, 'out')], { HF_ENDPOINT: hub.url }), // prettier-ignore
    judge: (target) => judgeFiles([{ ...hub.files[0], path: join(target, 'out', FILE) }]),
  };
  const others = makeContestants(setting).filter(({ name }) => /^aria2.*no proof|^C reader|^curl -Z/.test(name));
  return [ours, ...others.map((each) => ({ ...each, context: false }))];
}

function partOf(sizeBytes, index) {
  return [Math.floor((sizeBytes * index) / 16), Math.floor((sizeBytes * (index + 1)) / 16) - 1];
}
