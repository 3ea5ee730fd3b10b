// Servers that keep what they fetched, as processes of their own: us, nginx with proxy_cache and slice, and Olah. Each gives
// { name, url, port, pid, pathOf(file), stop() }; `wrap`: words before the command, e.g. into a network namespace.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd } from './closing.mjs';
import { freePort, startNginx } from './nginx.mjs';
import { root } from './peers.mjs';

const STOP_MS = 5000;
const START_MS = 30_000;
/** What was compiled of the program is there from the second start on, as for `sluice pull`. */
const CACHES = join(tmpdir(), 'sluice-bench-caches');
/** As in nginx's documentation of `slice`. */
const SLICE = '1m';

/** `sluice serve` with a store of its own in `folder`. `env`: more settings. */
export async function startSluice({ name = 'sluice serve', folder, upstream, pathOf, env = {}, wrap = [] }) {
  mkdirSync(folder, { recursive: true });
  const [program, ...args] = [...wrap, process.execPath, join(root, 'dist', 'cli', 'main.js'), 'serve', '--port', '0', '--data', folder, '--upstream', `hf=${upstream}`]; // prettier-ignore
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, HOME: folder, XDG_CACHE_HOME: CACHES, SLUICE_SERVE_ACCESS_LOG: 'off', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  }); // prettier-ignore
  const stop = stopper(child);
  let said = '';
  child.stderr.on('data', (text) => (said = (said + text).slice(-2000)));
  const url = await new Promise((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(String(text).trim()));
    child.once('exit', (code) => reject(new Error(`sluice serve ended with ${code}: ${said}`)));
  });
  return { name, url, port: Number(new URL(url).port), pid: child.pid, pathOf, stop };
}

/** nginx as a cache of the server at `originUrl`, by slices. It follows no redirects, so it stands before the server of files, not before the hub. */
export async function startNginxCache({ folder, originUrl, pathOf, certificate, wrap = [] }) {
  mkdirSync(join(folder, 'cache'), { recursive: true });
  const origin = new URL(originUrl).host;
  const started = await startNginx({
    dir: folder,
    root: folder,
    certificate,
    wrap,
    http: `proxy_cache_path ${join(folder, 'cache')} levels=1:2 keys_zone=bench:16m max_size=64g inactive=1d use_temp_path=off;
      upstream origin { server ${origin}; keepalive 64; }`,
    locations: `location / {
      slice ${SLICE}; proxy_cache bench; proxy_cache_key $uri$slice_range; proxy_cache_lock on; proxy_cache_valid 200 206 1d;
      proxy_set_header Range $slice_range; proxy_set_header Host ${origin}; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_pass http://origin; }`,
  });
  return { name: `nginx, proxy_cache, slice ${SLICE}`, ...started, pathOf };
}

/** Olah with as many workers as there are processors. `peer`: its program, as `findPeers` found it. */
export async function startOlah({ peer, folder, upstream, pathOf, wrap = [] }) {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const { host } = new URL(upstream);
  const workers = cpus().length;
  const config = join(folder, 'olah.toml');
  const own = `127.0.0.1:${port}`;
  const settings = { host: '127.0.0.1', port, 'repos-path': join(folder, 'repos'), 'hf-scheme': 'http', 'hf-netloc': host, 'hf-lfs-netloc': host, 'mirror-scheme': 'http', 'mirror-netloc': own, 'mirror-lfs-netloc': own }; // prettier-ignore
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  writeFileSync(config, `[basic]\n${lines.join('\n')}\n`);
  const more = ['--config', config, '--workers', String(workers), '--log-path', join(folder, 'logs')];
  const [program, ...args] = [...wrap, peer.path, ...more];
  const child = spawn(program, args, { cwd: folder, env: { PATH: process.env.PATH, HOME: folder }, stdio: ['ignore', 'pipe', 'pipe'] }); // prettier-ignore
  const stop = stopper(child);
  let said = '';
  await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('Olah did not start')), START_MS);
    const hear = (text) => {
      said += text;
      if (said.split('Application startup complete').length <= workers) return;
      clearTimeout(late);
      resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child
      .once('error', reject)
      .once('exit', (code) => reject(new Error(`Olah ended with ${code}: ${said.slice(-500)}`)));
  });
  return { name: `Olah ${peer.version}, ${workers} workers`, url: `http://${own}`, port, pid: child.pid, pathOf, stop };
}

/** Ends a process and waits for that; also at the end of the run. */
function stopper(child) {
  const over = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await over;
    clearTimeout(late);
  };
  atEnd(stop);
  return stop;
}

/** Memory of a process and all below it in MB, shared pages counted once (PSS). */
export function memoryOf(pid) {
  return [pid, ...below(pid)].reduce((sum, each) => sum + pssOf(each), 0);
}

/** The most that `memoryOf` gives while `work` goes on. */
export async function peakMemory(pid, work, everyMs = 100) {
  let mostMb = memoryOf(pid);
  const timer = setInterval(() => (mostMb = Math.max(mostMb, memoryOf(pid))), everyMs);
  try {
    return { result: await work, mostMb: Math.max(mostMb, memoryOf(pid)) };
  } finally {
    clearInterval(timer);
  }
}

function below(pid) {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const children = tasks.flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '));
    return children.filter((each) => each.trim() !== '').flatMap((each) => [Number(each), ...below(Number(each))]);
  } catch {
    return [];
  }
}

function pssOf(pid) {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1000;
  } catch {
    return 0;
  }
}

/** An empty folder for one run of one server. */
export function freshFolder(target, name) {
  const folder = join(target, `${name}-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
