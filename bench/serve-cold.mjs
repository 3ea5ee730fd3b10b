// A file that is not here yet, through `sluice serve`, nginx (`proxy_cache` with `slice`) and Olah, against the same client asking the origin
// itself: ms to the first byte and seconds in all, on loopback and over a line of 1 Gbit/s; then `hf download` as a whole command; then 64 clients on
// one cold file, for memory. Every run has a server that was just started, with nothing in its store.
//   once     the first request that the server ever sees
//   large    over the line, a file of 1 GiB, through us and from the origin alone
//   next     after another file of the repository, and a HEAD of this one, which is how clients begin: what the branch means is known, threads are up
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { main } from './lib/closing.mjs';
import { compile } from './lib/compile.mjs';
import { MODEL, startHub } from './lib/hub.mjs';
import { measure } from './lib/measure.mjs';
import { freshFolder, memoryOf, peakMemory, startNginxCache, startOlah, startSluice } from './lib/mirrors.mjs';
import { startLine, whyNoLine } from './lib/namespaces.mjs';
import { readOptions } from './lib/options.mjs';
import { findPeers, tellMissing } from './lib/peers.mjs';
import { saveRows, saveSkipped } from './lib/save.mjs';
import { settle } from './lib/settle.mjs';
import { median, round } from './lib/statistics.mjs';

const MIB = 2 ** 20;
const FILE = 'model.safetensors';
const BEFORE = { path: 'one-before.safetensors', sizeBytes: 16 * MIB };
/** 10 ms there and back: a hub's edge in the same town. */
const LINE = { rttMs: 10, lossShare: 0, bytesPerSecond: 125e6, congestion: 'cubic' };
const SHAPES = { loopback: ['once', 'next', 'hf', 'crowd'], line: ['once', 'next', 'hf', 'large'] };
const DIRECT = 'direct';
const OURS = 'sluice serve';
const CROWD = 64;
const CROWD_SECONDS = { smoke: 1, quick: 3, full: 6 };
const TIMEOUT_S = 120;
const pathOf = (file) => `/${MODEL}/resolve/main/${file}`;

await main(async () => {
  const options = readOptions();
  const title = 'A file that `sluice serve` does not have yet';
  const peers = findPeers(['nginx', 'olah', 'hf', 'gcc']);
  const missing = tellMissing(peers);
  if (peers.nginx.missing !== undefined) {
    saveSkipped(options, 'serve-cold', title, 'needs nginx');
    return;
  }
  const endMs = Date.now() + options.budgetS * 1000;
  const why = whyNoLine();
  if (why !== undefined) missing.push(`the line of 1 Gbit/s: ${why}`);
  const rows = [];
  // `--only line` is all of its shapes, `--only line-next` one.
  const isWanted = (...names) => options.only?.some((word) => names.includes(word)) !== false;
  for (const [name, shapes] of Object.entries(SHAPES)) {
    const wanted = shapes.filter((shape) => isWanted(name, `${name}-${shape}`));
    if (wanted.length === 0) continue;
    if (name === 'line' && why !== undefined) continue;
    const line = name === 'line' ? await startLine({ dir: options.dir, ...LINE }) : undefined;
    const where = line === undefined ? {} : { address: line.address, wrap: line.server };
    const world = async (bytes) => {
      const sizes = { [FILE]: bytes, [BEFORE.path]: BEFORE.sizeBytes };
      const hub = await startHub({ dir: options.dir, name: `cold-${bytes / MIB}-next`, sizes, ...where });
      return { options, peers, hub, bytes, wrap: line?.client ?? [], endMs };
    };
    const usual = await world(Math.min(options.sizeBytes, (options.smoke ? 32 : line !== undefined ? 256 : options.quick ? 512 : 1024) * MIB)); // prettier-ignore
    const drain = compile(options.dir, 'drain');
    const ways = {
      once: () => contest(usual, `${name}, once`, onceOf(false)),
      next: () => contest(usual, `${name}, next`, onceOf(true)),
      hf: () => peers.hf.missing ?? contest(usual, `${name}, hf download`, downloadOf(peers.hf)),
      crowd: () => drain && contest(usual, `${CROWD} clients`, crowdOf(drain)),
      large: async () => {
        const bytes = Math.min(options.sizeBytes, (options.smoke ? 64 : 1024) * MIB);
        const isFor = (server) => [OURS, DIRECT].includes(server);
        return contest(await world(bytes), `${name}, ${bytes / MIB} MiB`, { ...onceOf(true), isFor });
      },
    };
    for (const shape of wanted) {
      const measured = await ways[shape]();
      if (Array.isArray(measured)) rows.push(...measured);
    }
  }
  saveRows(options, 'serve-cold', peers, missing, { title, kind: 'serve-cold', line: LINE, rows });
});

/** Who gives the file: the origin itself, and servers before it that have just begun. `false` where a way of asking is not theirs. */
function contestants({ options, peers, hub, wrap }) {
  const started = (name, start) => ({
    name,
    start: () => start(freshFolder(options.target, `cold-${name.replace(/\W+/g, '-')}`)),
  });
  const plain = (file) => `/${file}`;
  const all = [
    started(OURS, (folder) => startSluice({ folder: join(folder, 'store'), upstream: hub.url, pathOf, wrap })),
    { name: DIRECT, start: () => ({ url: hub.url, pathOf }) },
    started('nginx, proxy_cache', (folder) => startNginxCache({ folder, originUrl: hub.filesUrl, pathOf: plain, wrap })), // prettier-ignore
    ...(peers.olah.missing === undefined ? [started('Olah', (folder) => startOlah({ peer: peers.olah, folder, upstream: hub.url, pathOf, wrap }))] : []), // prettier-ignore
  ];
  return all.filter(({ name }) => !options.without.some((word) => name.includes(word)));
}

/** Interleaved rounds; `way.run(world, server)` gives the numbers of one run. */
async function contest(world, shape, way) {
  if (Date.now() > world.endMs) {
    console.log(`${shape}: no time left`);
    return [];
  }
  const able = contestants(world).filter(({ name }) => way.isFor(name));
  const runs = able.map(() => []);
  let roundMs = 0;
  for (let turn = 0; turn < world.options.rounds && (turn === 0 || Date.now() + roundMs < world.endMs); turn += 1) {
    const beganMs = Date.now();
    for (let index = 0; index < able.length; index += 1) {
      const at = (index + turn) % able.length;
      world.hub.warm();
      // Whoever keeps the file takes new memory for it; whoever passes it on does not.
      settle(world.options.target, world.bytes);
      const server = await able[at].start();
      runs[at].push(await way.run(world, server));
      await server.stop?.();
    }
    roundMs = Date.now() - beganMs;
  }
  const direct = runs[able.findIndex(({ name }) => name === DIRECT)];
  const rows = able.map(({ name }, index) => summary(shape, name, runs[index], direct, world.bytes));
  for (const row of rows) console.log(describe(row));
  return rows;
}

function onceOf(isNext) {
  return {
    isFor: () => true,
    run: async ({ bytes, wrap }, server) => {
      const url = `${server.url}${server.pathOf(FILE)}`;
      if (isNext) {
        await get(wrap, `${server.url}${server.pathOf(BEFORE.path)}`, 'GET');
        // It fetches by whole slices, and would have the beginning.
        if (!server.name?.startsWith('nginx')) await get(wrap, url, 'HEAD');
      }
      const got = await get(wrap, url, 'GET');
      if (got.bytes !== bytes || got.status !== 200) throw new Error(`${got.status} with ${got.bytes} bytes of ${url}`);
      return { firstMs: got.firstMs, totalS: got.totalMs / 1000 };
    },
  };
}

/** nginx follows no redirects: a client of the hub would leave it. */
function downloadOf(peer) {
  return {
    isFor: (name) => !name.startsWith('nginx'),
    run: async ({ options, wrap }, server) => {
      const cwd = freshFolder(options.target, 'cold-hf');
      const [command, ...args] = [...wrap, peer.path, 'download', MODEL, FILE];
      const env = { HF_HOME: cwd, HF_ENDPOINT: server.url, HF_HUB_DISABLE_XET: '1', HF_HUB_DISABLE_PROGRESS_BARS: '1' };
      const { wallS, code, tail } = await measure({ command, args, env, cwd, timeoutS: TIMEOUT_S });
      if (code !== 0) throw new Error(`hf download ends with ${code}: ${tail}`);
      return { totalS: wallS };
    },
  };
}

/** How much memory a stream takes while all of them read what is on its way in; bytes a second of all together. */
function crowdOf(drain) {
  return {
    isFor: (name) => name !== DIRECT,
    run: async ({ options }, server) => {
      const seconds = CROWD_SECONDS[options.smoke ? 'smoke' : options.quick ? 'quick' : 'full'];
      const idleMb = memoryOf(server.pid);
      const run = spawned(drain, [String(server.port), server.pathOf(FILE), String(CROWD), String(seconds)]);
      const { result, mostMb } = await peakMemory(server.pid, run);
      return { gbps: result.bytes / result.seconds / 1e9, firstMs: result.headMs, memoryMb: mostMb, perStreamMb: (mostMb - idleMb) / CROWD, faults: result.faults }; // prettier-ignore
    },
  };
}

function get(wrap, url, method) {
  const [program, ...args] = [...wrap, process.execPath, join(import.meta.dirname, 'lib', 'get.mjs'), url, method];
  return spawned(program, args);
}

/** What a program prints as JSON. */
function spawned(program, args) {
  return new Promise((resolve, reject) => {
    let text = '';
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (chunk) => (text += chunk));
    child.once('error', reject).once('close', (code) => {
      if (code === 0) resolve(JSON.parse(text));
      else reject(new Error(`${program} ${args.join(' ')} ends with ${code}`));
    });
  });
}

/** `addedMs` and `addedShare`: what the way through a server costs beyond the direct one, medians over the rounds. */
function summary(shape, name, runs, direct, bytes) {
  const of = (key, digits = 3) => round(median(runs.map((run) => run[key])), digits);
  const beyond = (compute) => (direct === undefined ? undefined : median(runs.map((run, turn) => compute(run, direct[turn])))); // prettier-ignore
  return {
    shape,
    name,
    bytes,
    firstMs: of('firstMs', 1),
    totalS: of('totalS'),
    gbps: of('gbps') ?? round(median(runs.map(({ totalS }) => bytes / totalS / 1e9)), 3),
    addedMs: round(
      beyond((run, other) => run.firstMs - other.firstMs),
      1,
    ),
    addedShare: round(
      beyond((run, other) => run.totalS / other.totalS - 1),
      3,
    ),
    memoryMb: of('memoryMb', 0),
    perStreamMb: of('perStreamMb', 1),
    runs: runs.length,
  };
}

function describe({ shape, name, firstMs, totalS, gbps, addedMs, addedShare, memoryMb, perStreamMb }) {
  const known = [
    firstMs === undefined ? '' : `first ${firstMs} ms${addedMs === undefined ? '' : ` (+ ${addedMs})`}`,
    totalS === undefined ? '' : `${totalS} s${addedShare === undefined ? '' : ` (${addedShare < 0 ? '' : '+ '}${(addedShare * 100).toFixed(1)} %)`}`, // prettier-ignore
    `${gbps} GB/s`,
    memoryMb === undefined ? '' : `${memoryMb} MB, ${perStreamMb} a stream`,
  ];
  return `${shape.padEnd(22)} ${name.padEnd(20)} ${known.filter((part) => part !== '').join(' · ')}`;
}
