// A file that is here already, given out by `sluice serve`, by nginx as a file server (sendfile, from the same blob) and as a cache (`proxy_cache`
// with `slice`), and by Olah: GB/s with 1, 8 and 64 clients, a small file's requests a second, memory; then ours and nginx over TLS. A client in C
// takes the bytes, so that the servers are what is measured.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { startSim } from '../dist/sim/index.js';
import { makeCertificate } from './lib/certificate.mjs';
import { atEnd, main } from './lib/closing.mjs';
import { compile } from './lib/compile.mjs';
import { contentOf, makeFiles } from './lib/data.mjs';
import { freshFolder, memoryOf, peakMemory, startNginxCache, startOlah, startSluice } from './lib/mirrors.mjs';
import { startNginx } from './lib/nginx.mjs';
import { readOptions } from './lib/options.mjs';
import { findPeers, tellMissing } from './lib/peers.mjs';
import { saveRows, saveSkipped } from './lib/save.mjs';
import { median, round } from './lib/statistics.mjs';

const MIB = 2 ** 20;
const MODEL = 'bench/warm';
const LARGE = 'large.safetensors';
const SMALL = 'small.json';
const SMALL_BYTES = 2000;
const SHAPES = [
  ...[1, 8, 64].map((clients) => ({ name: `${clients} × large`, file: LARGE, clients })),
  { name: '16 × small', file: SMALL, clients: 16 },
  { name: '8 × large, TLS', file: LARGE, clients: 8, tls: true },
  { name: '16 × small, TLS', file: SMALL, clients: 16, tls: true },
];
const OURS = 'sluice serve';

await main(async () => {
  const options = readOptions();
  const largeBytes = Math.min(options.sizeBytes, (options.smoke ? 64 : options.quick ? 512 : 1024) * MIB);
  const seconds = options.smoke ? 0.5 : options.quick ? 1 : 4;
  const title = `\`sluice serve\`, a file of ${largeBytes / MIB} MiB and one of ${SMALL_BYTES} bytes that are here`;
  const peers = findPeers(['nginx', 'olah', 'gcc']);
  const missing = tellMissing(peers);
  const drain = compile(options.dir, 'drain');
  const drainTls = compile(options.dir, 'drain', { flags: ['-DTLS', '-lssl', '-lcrypto'], as: 'drain-tls' });
  if (drain === undefined || peers.nginx.missing !== undefined) {
    saveSkipped(options, 'serve-warm', title, 'needs gcc and nginx');
    return;
  }
  if (drainTls === undefined) missing.push('headers of OpenSSL (libssl-dev): nothing was measured over TLS');
  const servers = await startServers({ options, largeBytes, peers, certificate: makeCertificate(options.dir) });
  for (const server of servers) for (const file of [LARGE, SMALL]) await warmUp(server, file);
  const endMs = Date.now() + options.budgetS * 1000;
  const rows = [];
  for (const shape of SHAPES) {
    if (options.only?.some((word) => shape.name.includes(word)) === false) continue;
    const program = shape.tls ? drainTls : drain;
    const able = servers.filter((server) => (shape.tls ? server.tlsPort : server.port) !== undefined);
    if (program !== undefined) rows.push(...(await measureShape({ options, shape, servers: able, program, seconds, endMs }))); // prettier-ignore
  }
  saveRows(options, 'serve-warm', peers, missing, { title, kind: 'serve-warm', largeBytes, seconds, rows });
});

async function startServers({ options, largeBytes, peers, certificate }) {
  const folder = freshFolder(options.target, 'warm');
  const files = { [LARGE]: contentOf(LARGE, largeBytes), [SMALL]: contentOf(SMALL, SMALL_BYTES) };
  const hub = await startSim({ repositories: [{ id: MODEL, files }] });
  atEnd(() => hub.stop());
  const { sha: commit } = await (await fetch(`${hub.url}/api/models/${MODEL}`)).json();
  // As clients ask that have looked once what a branch means.
  const pathOf = (file) => `/${MODEL}/resolve/${commit}/${file}`;
  const plain = (file) => `/${file}`;
  const made = join(options.dir, 'data', `warm-${largeBytes / MIB}`);
  makeFiles(made, { [LARGE]: largeBytes, [SMALL]: SMALL_BYTES });
  const store = join(folder, 'store');
  const upstream = hub.url;
  const isWanted = (name) => !options.without.some((word) => name.includes(word));
  const ours = await startSluice({ name: OURS, folder: store, upstream, pathOf });
  const tlsEnv = { SLUICE_SERVE_TLS_CERT: certificate.cert, SLUICE_SERVE_TLS_KEY: certificate.key };
  const oursTls = await startSluice({ folder: join(folder, 'store-tls'), upstream, pathOf, env: tlsEnv });
  // One row, whichever way it is asked.
  const servers = [{ ...ours, tlsPort: oursTls.port, tlsPid: oursTls.pid }];
  servers.push({ name: 'nginx, sendfile', ...(await startNginx({ dir: folder, root: made, certificate })), pathOf: plain }); // prettier-ignore
  const origin = await startNginx({ dir: folder, root: made });
  if (isWanted('proxy_cache')) servers.push(await startNginxCache({ folder: join(folder, 'nginx'), originUrl: origin.url, pathOf: plain, certificate })); // prettier-ignore
  if (isWanted('Olah') && peers.olah.missing === undefined) servers.push(await startOlah({ peer: peers.olah, folder: join(folder, 'olah'), upstream, pathOf })); // prettier-ignore
  return servers.filter(({ name }) => isWanted(name));
}

/** Everybody has the file, and has it in the page cache. */
async function warmUp({ name, port, tlsPort, tlsPid, pathOf }, file) {
  const { get } = await import('node:https');
  for (let turn = 0; turn < 2; turn += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}${pathOf(file)}`);
    if (!answer.ok) throw new Error(`${name} answers ${answer.status}`);
    for await (const chunk of answer.body) void chunk;
  }
  if (tlsPid === undefined) return;
  await new Promise((resolve, reject) => {
    const asked = get({ port: tlsPort, path: pathOf(file), rejectUnauthorized: false }, (answer) => answer.resume().once('end', resolve)); // prettier-ignore
    asked.once('error', reject);
  });
}

async function measureShape({ options, shape, servers, program, seconds, endMs }) {
  const runs = servers.map(() => []);
  const roundMs = servers.length * seconds * 1000;
  for (let turn = 0; turn < options.rounds && (turn === 0 || Date.now() + roundMs < endMs); turn += 1) {
    for (let index = 0; index < servers.length; index += 1) {
      const at = (index + turn) % servers.length;
      runs[at].push(await measure(program, servers[at], shape, seconds));
    }
  }
  const rows = servers.map(({ name }, index) => summary(shape, name, runs, index, servers));
  for (const row of rows) console.log(describe(row));
  return rows;
}

async function measure(program, { port, tlsPort, pid, tlsPid, pathOf }, { file, clients, tls }, seconds) {
  const [to, process] = tls ? [tlsPort, tlsPid ?? pid] : [port, pid];
  const idleMb = memoryOf(process);
  const run = new Promise((resolve, reject) => {
    let text = '';
    const child = spawn(program, [String(to), pathOf(file), String(clients), String(seconds)]);
    child.stdout.on('data', (chunk) => (text += chunk));
    child.once('error', reject).once('close', () => resolve(JSON.parse(text)));
  });
  const { result, mostMb } = await peakMemory(process, run, 200);
  const { bytes, whole, faults, headMs, headMs99 } = result;
  return { gbps: bytes / result.seconds / 1e9, perSecond: whole / result.seconds, faults, headMs, headMs99, memoryMb: mostMb, perStreamMb: Math.max(0, mostMb - idleMb) / clients }; // prettier-ignore
}

/** `of…`: our value by theirs, the median over the rounds; bytes a second for large files, requests for small ones. */
function summary(shape, name, runs, index, servers) {
  const of = (key, digits = 3) => round(median(runs[index].map((run) => run[key])), digits);
  const key = shape.file === SMALL ? 'perSecond' : 'gbps';
  const ours = runs[servers.findIndex((server) => server.name === OURS)];
  const ratio = ours && round(median(runs[index].map((run, turn) => ours[turn][key] / run[key])), 2);
  const faults = runs[index].reduce((sum, run) => sum + run.faults, 0);
  const memoryMb = Math.round(Math.max(...runs[index].map((run) => run.memoryMb)));
  const perStreamMb = round(Math.max(...runs[index].map((run) => run.perStreamMb)), 1);
  return { shape: shape.name, name, gbps: of('gbps'), perSecond: of('perSecond', 0), ratio, headMs: of('headMs'), headMs99: of('headMs99'), memoryMb, perStreamMb, faults, runs: runs[index].length }; // prettier-ignore
}

function describe({ shape, name, gbps, perSecond, ratio, headMs, headMs99, memoryMb, perStreamMb, faults }) {
  const parts = [`${gbps.toFixed(2)} GB/s`, `${perSecond} /s`, `ours is ${ratio ?? '–'} ×`, `head ${headMs} ms, 99 % ${headMs99} ms`, `${memoryMb} MB, ${perStreamMb} a stream`]; // prettier-ignore
  return `${shape.padEnd(15)} ${name.padEnd(32)} ${parts.join(' · ')}${faults > 0 ? ` · ${faults} FAULTS` : ''}`;
}
