// A file that is here, given out by `sluice serve` and, from the same blob, by nginx (sendfile): GB/s with 1, 8 and 64 clients, a small file's
// requests a second, and what it takes of memory. A client in C takes the bytes, so that the servers are what is measured.
//   node bench/serve-warm.mjs [--quick] [--rounds N] [--size-mib N] [--out FILE]
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { tmpdir } from 'node:os';
import { atEnd, main } from './lib/closing.mjs';
import { compile } from './lib/compile.mjs';
import { startNginx } from './lib/nginx.mjs';
import { root } from './lib/peers.mjs';
import { median, round } from './lib/statistics.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    'size-mib': { type: 'string' },
    out: { type: 'string' },
  },
});
const SECONDS = values.quick ? 1.5 : 4;
const ROUNDS = Number(values.rounds ?? (values.quick ? 3 : 5));
const LARGE_BYTES = Number(values['size-mib'] ?? (values.quick ? 512 : 1024)) * 2 ** 20;
const SMALL_BYTES = 2000;
const SHAPES = [
  ...[1, 8, 64].map((clients) => ({ name: `${clients} × large`, file: 'large.safetensors', clients })),
  { name: '16 × small', file: 'small.json', clients: 16 },
];

await main(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-warm-'));
  atEnd(() => rmSync(dir, { recursive: true, force: true }));
  const drain = compile(dir, 'drain');
  if (drain === undefined) throw new Error('no C compiler');
  const sim = await import(pathToFileURL(join(root, 'dist', 'sim', 'index.js')).href);
  const files = Object.fromEntries([['large.safetensors', LARGE_BYTES], ['small.json', SMALL_BYTES]].map(([path, sizeBytes]) =>
    [path, sim.seededContent({ seed: path, sizeBytes })])); // prettier-ignore
  const hub = await sim.startSim({ repositories: [{ id: 'bench/warm', files }] });
  atEnd(() => hub.stop());
  const store = join(dir, 'store');
  const servers = [
    await startSluice('sluice serve', store, hub.url, []),
    await startSluice('sluice serve, one process', store, hub.url, ['SLUICE_SERVE_CARRIERS=0']),
  ];
  const digests = {};
  for (const path of Object.keys(files)) {
    const answer = await fetch(`${servers[0].url}/bench/warm/resolve/main/${path}`);
    await answer.arrayBuffer();
    digests[path] = (answer.headers.get('x-linked-etag') ?? sim.sha256Of(sim.toContent(files[path]))).replaceAll(
      '"',
      '',
    );
  }
  const nginx = await startNginx({ dir, root: join(store, 'blobs', 'sha256') });
  const contestants = [
    ...servers.map((server) => ({ ...server, pathOf: (path) => `/bench/warm/resolve/main/${path}` })),
    { name: 'nginx, sendfile', port: nginx.port, pathOf: (path) => `/${digests[path].slice(0, 2)}/${digests[path]}` },
  ];
  const results = [];
  for (const shape of SHAPES) {
    const runs = contestants.map(() => []);
    for (let turn = 0; turn < ROUNDS; turn += 1) {
      for (let index = 0; index < contestants.length; index += 1) {
        const at = (index + turn) % contestants.length;
        runs[at].push(await measure(drain, contestants[at], shape));
      }
    }
    contestants.forEach(({ name }, index) => results.push(summary(shape, name, runs[index], runs.at(-1))));
    for (const line of results.slice(-contestants.length)) console.log(describe(line));
  }
  const document = {
    name: 'serve-warm',
    measuredAt: new Date().toISOString(),
    largeBytes: LARGE_BYTES,
    smallBytes: SMALL_BYTES,
    seconds: SECONDS,
    results,
  };
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(document, undefined, 1)}\n`);
});

async function startSluice(name, store, upstream, env) {
  const child = spawn(process.execPath, [join(root, 'dist', 'cli', 'main.js'), 'serve', '--port', '0', '--data', store, '--upstream', `hf=${upstream}`], {
    env: { PATH: process.env.PATH, HOME: store, SLUICE_SERVE_ACCESS_LOG: 'off', ...Object.fromEntries(env.map((each) => each.split('='))) },
    stdio: ['ignore', 'pipe', 'inherit'],
  }); // prettier-ignore
  atEnd(() => child.kill('SIGTERM'));
  const url = await new Promise((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(String(text).trim()));
    child.once('exit', (code) => reject(new Error(`sluice serve ended with ${code}`)));
  });
  return { name, url, port: Number(new URL(url).port), pid: child.pid };
}

async function measure(drain, { port, pid, pathOf }, { file, clients }) {
  const run = new Promise((resolve, reject) => {
    let text = '';
    const child = spawn(drain, [String(port), pathOf(file), String(clients), String(SECONDS)]);
    child.stdout.on('data', (chunk) => (text += chunk));
    child.once('error', reject).once('exit', () => resolve(JSON.parse(text)));
  });
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 700));
  const memoryMb = pid === undefined ? undefined : memoryOf(pid);
  const { seconds, bytes, whole, faults, headMs, headMs99 } = await run;
  return { gbps: bytes / seconds / 1e9, perSecond: whole / seconds, faults, headMs, headMs99, memoryMb };
}

/** Of a process and its children, in MB, shared pages counted once. */
function memoryOf(pid) {
  const children = execFileSync('sh', ['-c', `cat /proc/${pid}/task/*/children`], { encoding: 'utf8' }).trim();
  const pids = [pid, ...children.split(/\s+/).filter((each) => each !== '')];
  return pids.reduce(
    (sum, each) =>
      sum + Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1000,
    0,
  );
}

function summary(shape, name, runs, nginx) {
  const of = (key) => round(median(runs.map((run) => run[key])), 3);
  const ratio = round(median(runs.map((run, turn) => run.gbps / nginx[turn].gbps)), 2);
  const memoryMb =
    runs[0].memoryMb === undefined ? undefined : Math.round(Math.max(...runs.map((run) => run.memoryMb)));
  const faults = runs.reduce((sum, run) => sum + run.faults, 0);
  return {
    shape: shape.name,
    name,
    gbps: of('gbps'),
    perSecond: of('perSecond'),
    ofNginx: ratio,
    headMs: of('headMs'),
    headMs99: of('headMs99'),
    memoryMb,
    faults,
  };
}

function describe({ shape, name, gbps, perSecond, ofNginx, headMs, headMs99, memoryMb, faults }) {
  const parts = [
    `${shape.padEnd(11)} ${name.padEnd(26)} ${gbps.toFixed(2)} GB/s`,
    `${Math.round(perSecond)} /s`,
    `${ofNginx} of nginx`,
    `head ${headMs} ms, 99 % ${headMs99} ms`,
  ];
  return [
    ...parts,
    ...(memoryMb === undefined ? [] : [`${memoryMb} MB`]),
    ...(faults > 0 ? [`${faults} FAULTS`] : []),
  ].join(' · ');
}
