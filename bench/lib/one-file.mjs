// One large file from one server, over http or https.
import { join } from 'node:path';
import { makeCertificate } from './certificate.mjs';
import { compile } from './compile.mjs';
import { runContest } from './contest.mjs';
import { judgeFiles } from './hash-files.mjs';
import { MODEL, startHub } from './hub.mjs';
import { readOptions } from './options.mjs';
import { findPeers, tellMissing } from './peers.mjs';
import { saveResult } from './save.mjs';
import { sluice } from './sluice.mjs';

const FILE = 'model.gguf';

export async function oneFile({ tls }) {
  const options = readOptions();
  const sizeBytes = options.smoke ? 64 * 2 ** 20 : (options.sizeBytes ?? 4 * 2 ** 30);
  const certificate = tls ? makeCertificate(options.dir) : undefined;
  const hub = await startHub({
    dir: options.dir,
    name: `one-${sizeBytes / 2 ** 20}`,
    sizes: { [FILE]: sizeBytes },
    certificate,
  });
  const peers = findPeers(['nginx', 'aria2', 'curl', 'wget', 'axel', 'gcc']);
  const missing = tellMissing(peers);
  const all = makeContestants({ dir: options.dir, peers, hub, ca: certificate?.ca }); // prettier-ignore
  const contestants = all.filter(({ name }) => !options.without.some((word) => name.includes(word)));
  const scheme = tls ? 'https' : 'http';
  const title = `One ${(sizeBytes / 2 ** 30).toFixed(2)} GiB file, ${scheme}`;
  console.log(title);
  const result = await runContest({ ...options, contestants, shape: { bytes: sizeBytes } });
  saveResult(options, `one-file-${scheme}`, peers, missing, { title, ...result });
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

function partOf(sizeBytes, index) {
  return [Math.floor((sizeBytes * index) / 16), Math.floor((sizeBytes * (index + 1)) / 16) - 1];
}
