// A file that is not here, wanted by a hundred clients at once, of which the first goes away half-way: how often the hub sends it, whether every
// client has the right bytes, how long that takes, and what memory the mirror takes. The hub and the clients are processes of their own.
//   node bench/serve-crowd.mjs [--quick] [--clients N] [--size-mib N] [--rounds N]
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { atEnd, main } from './lib/closing.mjs';
import { freshFolder, memoryOf, peakMemory, startSluice } from './lib/mirrors.mjs';
import { readOptions } from './lib/options.mjs';
import { saveRows } from './lib/save.mjs';
import { settle } from './lib/settle.mjs';
import { askSims, startSims, stopSims } from './lib/sims.mjs';
import { median, round } from './lib/statistics.mjs';

const FILE = 'crowd.safetensors';
const GIB = 2 ** 30;
/** Clients of each process that take SHA-256; the others' bytes must have the CRC-32 of these. */
const HASHED = 2;

await main(async () => {
  const options = readOptions({ rounds: 1, clients: 100 });
  const { clients } = options;
  const bytes = Math.min(options.sizeBytes, options.quick ? GIB / 4 : GIB);
  const runs = [];
  for (let turn = 0; turn < Math.min(options.rounds, options.quick ? 1 : Infinity); turn += 1)
    runs.push(await runOnce(options, bytes));
  const of = (key, digits) => round(median(runs.map((run) => run[key])), digits);
  const row = {
    shape: `${clients} clients, and one that leaves half-way`,
    bytes,
    clients,
    right: Math.min(...runs.map(({ right }) => right)),
    copies: round(Math.max(...runs.map(({ copies }) => copies)), 4),
    seconds: of('seconds', 1),
    gbps: of('gbps', 2),
    memoryMb: Math.round(Math.max(...runs.map(({ memoryMb }) => memoryMb))),
    perStreamMb: round(Math.max(...runs.map(({ perStreamMb }) => perStreamMb)), 1),
    runs: runs.length,
  };
  console.log(`${row.shape} · ${bytes / 2 ** 20} MiB · ${row.right} right · ${row.copies} copies sent by the hub · ${row.seconds} s · ${row.gbps} GB/s out · ${row.memoryMb} MB, ${row.perStreamMb} a stream`); // prettier-ignore
  const title = 'A crowd of clients for a file that `sluice serve` does not have yet';
  saveRows(options, 'serve-crowd', {}, [], { title, kind: 'serve-crowd', rows: [row] });
});

async function runOnce({ target, clients }, bytes) {
  settle(target, bytes);
  const [sim] = await startSims([{ path: FILE, sizeBytes: bytes }]);
  const pathOf = (file) => `/bench/one/resolve/main/${file}`;
  const folder = join(freshFolder(target, 'crowd'), 'store');
  const server = await startSluice({ folder, upstream: sim.url, pathOf, env: { SLUICE_SERVE_MIN_FREE: '1MB' } });
  const [{ sentBytes: sentBefore }] = await askSims([sim]);
  const idleMb = memoryOf(server.pid);
  const processes = Math.min(clients, availableParallelism());
  const beganMs = performance.now();
  const crowds = Array.from({ length: processes }, (_, index) => {
    const share = Math.floor(clients / processes) + (index < clients % processes ? 1 : 0);
    return crowd(`${server.url}${pathOf(FILE)}`, share, index === 0 ? bytes / 2 : undefined);
  });
  const { result, mostMb } = await peakMemory(server.pid, Promise.all(crowds), 200);
  const seconds = (performance.now() - beganMs) / 1000;
  const [{ sentBytes }] = await askSims([sim]);
  await server.stop();
  await stopSims([sim.child]);
  const seen = result.flat();
  const crc = seen.find(({ sha256 }) => sha256 === sim.sha256)?.crc;
  const isRight = (each) => each.bytes === bytes && each.crc === crc && [undefined, sim.sha256].includes(each.sha256);
  const right = seen.filter(isRight).length;
  return {
    right,
    copies: (sentBytes - sentBefore) / bytes,
    seconds,
    gbps: (right * bytes) / seconds / 1e9,
    memoryMb: mostMb,
    perStreamMb: (mostMb - idleMb) / clients,
  };
}

/** What the clients of one process saw. */
function crowd(url, clients, leaverBytes) {
  const child = fork(join(import.meta.dirname, 'lib', 'crowd-child.mjs'));
  atEnd(() => child.kill());
  child.send({ url, clients, hashed: HASHED, leaverBytes });
  return new Promise((resolve, reject) => {
    child.once('message', resolve).once('exit', (code) => reject(new Error(`the clients ended with ${code}`)));
  });
}
