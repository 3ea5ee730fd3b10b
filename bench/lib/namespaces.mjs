// Two network namespaces with a long line between them: real TCP over real delay and loss. Linux, root, iproute2 and gcc.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { atEnd } from './closing.mjs';
import { compile } from './compile.mjs';

const CLIENT = '10.213.0.1';
const SERVER = '10.213.0.2';
const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** Why this machine cannot; undefined when it can. */
export function whyNoLine() {
  if (process.platform !== 'linux' || process.getuid() !== 0) return 'needs root on Linux';
  if (!existsSync('/dev/net/tun')) return 'needs /dev/net/tun';
  if (spawnSync('ip', ['netns', 'list']).status !== 0) return 'needs iproute2 with network namespaces';
  return spawnSync('gcc', ['--version']).status === 0 ? undefined : 'needs gcc';
}

/**
 * `congestion`: the server's congestion control. Resolves to { client, server, address }: words that lead a command into either
 * end, and the server's address. Everything goes with the run.
 */
export async function startLine({ dir, rttMs, lossShare, bytesPerSecond, congestion }) {
  const [near, far] = [`sluice-${process.pid}-a`, `sluice-${process.pid}-b`];
  for (const name of [near, far]) {
    ip('netns', 'add', name);
    atEnd(() => ip('netns', 'del', name));
  }
  const program = compile(dir, 'link');
  const line = spawn(program, [near, far, rttMs / 2, lossShare, bytesPerSecond, 1].map(String), { stdio: ['pipe', 'pipe', 'inherit'] }); // prettier-ignore
  const over = new Promise((resolve) => line.once('exit', resolve).once('error', resolve));
  atEnd(async () => {
    line.stdin.end();
    await over;
  });
  await Promise.race([
    new Promise((resolve) => line.stdout.once('data', resolve)),
    over.then((code) => Promise.reject(new Error(`the line ended with ${code}`))),
  ]);
  const [client, server] = [near, far].map((name) => ['ip', 'netns', 'exec', name]);
  setUp(near, CLIENT, SERVER);
  setUp(far, SERVER, CLIENT);
  // By route: a namespace may not choose for all of itself what the machine has not allowed.
  ip('-n', far, 'route', 'replace', CLIENT, 'dev', 'line0', 'src', SERVER, 'congctl', congestion);
  const set = (words, setting) => execFileSync(words[0], [...words.slice(1), 'sysctl', '-qw', setting], { stdio: 'pipe' }); // prettier-ignore
  // What one run taught the kernel about the path is no help to the next.
  for (const words of [client, server]) set(words, 'net.ipv4.tcp_no_metrics_save=1');
  return { client, server, address: SERVER };
}

function setUp(name, own, other) {
  const inside = (...args) => ip('-n', name, ...args);
  inside('link', 'set', 'lo', 'up');
  inside('addr', 'add', own, 'peer', other, 'dev', 'line0');
  inside('link', 'set', 'line0', 'mtu', '1500', 'txqueuelen', '10000', 'up');
}
