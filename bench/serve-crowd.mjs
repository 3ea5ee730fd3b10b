// A file that is not here, wanted by a hundred clients at once, of which the first goes away half-way: how often the hub sends it, whether every
// digest is right, how long that takes, and what memory the mirror takes. The hub and the clients are processes of their own.
//   node bench/serve-crowd.mjs [--quick] [--clients N] [--size-mib N] [--out FILE]
import { fork, spawn } from 'node:child_process';
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { atEnd, main } from './lib/closing.mjs';
import { root } from './lib/peers.mjs';
import { askSims, startSims } from './lib/sims.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    clients: { type: 'string' },
    'size-mib': { type: 'string' },
    out: { type: 'string' },
  },
});
const CLIENTS = Number(values.clients ?? 100);
const SIZE_BYTES = Number(values['size-mib'] ?? (values.quick ? 128 : 1024)) * 2 ** 20;
const PROCESSES = Math.min(CLIENTS, availableParallelism());
const FILE = 'crowd.safetensors';

await main(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-crowd-'));
  atEnd(() => rmSync(dir, { recursive: true, force: true }));
  const [sim] = await startSims([{ path: FILE, sizeBytes: SIZE_BYTES }]);
  const server = await startSluice(join(dir, 'store'), sim.url);
  const url = `${server.url}/bench/one/resolve/main/${FILE}`;
  const [{ sentBytes: sentBefore }] = await askSims([sim]);
  const beganMs = performance.now();
  const crowds = Array.from({ length: PROCESSES }, (_, index) => {
    const share = Math.floor(CLIENTS / PROCESSES) + (index < CLIENTS % PROCESSES ? 1 : 0);
    return crowd(url, share, index === 0 ? SIZE_BYTES / 2 : undefined);
  });
  let mostMb = 0;
  const look = setInterval(() => (mostMb = Math.max(mostMb, memoryOf(server.pid))), 200);
  atEnd(() => clearInterval(look));
  const digests = (await Promise.all(crowds)).flat();
  const seconds = (performance.now() - beganMs) / 1000;
  const [{ sentBytes }] = await askSims([sim]);
  const right = digests.filter((digest) => digest === sim.sha256).length;
  const copies = (sentBytes - sentBefore) / SIZE_BYTES;
  const gbps = (right * SIZE_BYTES) / seconds / 1e9;
  const result = {
    name: 'serve-crowd',
    measuredAt: new Date().toISOString(),
    sizeBytes: SIZE_BYTES,
    clients: CLIENTS,
    right,
    copies,
    seconds,
    gbps,
    mostMb,
  };
  const words = [
    `${CLIENTS} clients and one that leaves half-way`,
    `${SIZE_BYTES / 2 ** 20} MiB`,
    `${right} digests right`,
  ];
  console.log([...words, `${copies.toFixed(4)} copies sent by the hub`, `${seconds.toFixed(1)} s`, `${gbps.toFixed(2)} GB/s out`, `${Math.round(mostMb)} MB`].join(' · ')); // prettier-ignore
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, undefined, 1)}\n`);
});

/** Digests that the clients of one process saw. */
function crowd(url, clients, leaverBytes) {
  const child = fork(join(import.meta.dirname, 'lib', 'crowd-child.mjs'));
  atEnd(() => child.kill());
  child.send({ url, clients, leaverBytes });
  return new Promise((resolve, reject) => {
    child.once('message', resolve).once('exit', (code) => reject(new Error(`the clients ended with ${code}`)));
  });
}

async function startSluice(store, upstream) {
  const program = [join(root, 'dist', 'cli', 'main.js'), 'serve', '--port', '0', '--data', store];
  const env = { PATH: process.env.PATH, HOME: store, SLUICE_SERVE_ACCESS_LOG: 'off', SLUICE_SERVE_MIN_FREE: '1MB' };
  const child = spawn(process.execPath, [...program, '--upstream', `hf=${upstream}`], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  atEnd(() => child.kill('SIGTERM'));
  const url = await new Promise((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(String(text).trim()));
    child.once('exit', (code) => reject(new Error(`sluice serve ended with ${code}`)));
  });
  return { url, pid: child.pid };
}

/** Of the process that fills and serves, in MB. */
function memoryOf(pid) {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1000;
}
