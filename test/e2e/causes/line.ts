import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach } from 'vitest';
import type { SimOptions } from '../../../src/sim/index.js';

const run = promisify(execFile);
const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** Where things stand on a line. At `nobody` and `nobody6` nothing does: what is sent there vanishes. */
export const PLACES = {
  client: '10.213.0.1',
  hub: '10.213.0.2',
  cdn: '10.213.0.3',
  quickNames: '10.213.0.2',
  slowNames: '10.213.0.4',
  nobody: '10.213.0.9',
  hub6: 'fd00:213:0:0:0:0:0:2',
  nobody6: 'fd00:213:0:0:0:0:0:9',
} as const;

export interface LineOptions {
  readonly rttMs?: number;
  readonly lossShare?: number;
  readonly sim?: SimOptions;
  /** The hub serves the bytes itself. */
  readonly isOneHost?: boolean;
  /** Of the one large file. */
  readonly sizeBytes?: number;
  /** What `hub.example` has beside its IPv4 address. */
  readonly addresses6?: readonly string[];
  /** Of the name server at `slowNames`. */
  readonly slowNamesMs?: number;
  /** In the order in which they are asked. */
  readonly nameServers?: readonly string[];
  /** sysctl of the client's network: `net.ipv4.tcp_rmem` → value. */
  readonly kernel?: Readonly<Record<string, string>>;
}

/** A client and a hub in network namespaces of their own, with real TCP over a line of our own between them. It goes with the test. */
export interface Line {
  /** The hub, by its name. */
  readonly url: string;
  /** What stands before a command that is to run at the client. */
  readonly wrap: readonly string[];
  setNameServers(...servers: readonly string[]): Promise<void>;
  /** sysctl at the client, set or read. */
  setKernel(name: string, value: string): void;
  kernel(name: string): string;
}

/** Why there can be none here; undefined where there can. */
export function whyNoLine(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces with a device need root';
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
  for (const tool of ['ip', 'gcc', 'sysctl'])
    if (!(process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, tool)))) return `there is no ${tool}`; // prettier-ignore
  return undefined;
}

let count = 0;
const built = new Map<string, Promise<string>>();

afterAll(async () => {
  for (const program of built.values()) await rm(dirname(await program), { recursive: true, force: true });
});

/** Once for all lines of a file of tests; alone in its folder, by the name of its source. */
export function buildProgram(source: string): Promise<string> {
  const build = async (): Promise<string> => {
    const program = join(await mkdtemp(join(tmpdir(), 'sluice-line-')), basename(source, '.c'));
    await run('gcc', ['-O2', '-pthread', '-o', program, source]);
    return program;
  };
  const known = built.get(source) ?? build();
  built.set(source, known);
  return known;
}

/** Networks of their own; they go with the test. */
export function newNamespaces(howMany: number): readonly string[] {
  return Array.from({ length: howMany }, () => {
    const name = `sluice-e2e-${process.pid}-${(count += 1)}`;
    execFileSync('ip', ['netns', 'add', name]);
    endings.push(() => execFileSync('ip', ['netns', 'del', name]));
    return name;
  });
}

/** A device `line0` in each of two namespaces, and a line between them that loses what comes from the second. */
export async function startLink(
  near: string,
  far: string,
  { rttMs, lossShare }: { readonly rttMs: number; readonly lossShare: number },
): Promise<void> {
  const program = await buildProgram(join(import.meta.dirname, '../../../bench/link.c'));
  const link = spawn(program, [near, far, rttMs / 2, lossShare, BYTES_PER_SECOND, 1].map(String), {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  endings.push(() => ended(link, () => link.stdin.end()));
  await new Promise<void>((resolve, reject) => {
    link.stdout.once('data', () => resolve());
    link.once('exit', (code) => reject(new Error(`the line ended with ${code}`))).once('error', reject);
  });
}

export async function newLine(options: LineOptions = {}): Promise<Line> {
  const { rttMs = 10, lossShare = 0, kernel = {}, nameServers = [PLACES.quickNames] } = options;
  const [near = '', far = ''] = newNamespaces(2);
  await startLink(near, far, { rttMs, lossShare });
  setUp(near, [PLACES.client], 'fd00:213::1');
  setUp(far, [PLACES.hub, PLACES.cdn, PLACES.slowNames], 'fd00:213::2');
  // By route: a namespace may not choose for all of itself what the machine has not allowed.
  ip(far, 'route', 'replace', '10.213.0.0/24', 'dev', 'line0', 'src', PLACES.hub, 'congctl', 'cubic');
  const settings = join('/etc/netns', near);
  await mkdir(settings, { recursive: true });
  endings.push(() => rm(settings, { recursive: true, force: true }));
  const wrap = ['ip', 'netns', 'exec', near];
  const sysctl = (...args: readonly string[]): string => inNamespace(near, 'sysctl', '-n', ...args);
  const line: Line = {
    url: `http://hub.example:${await startFarEnd(far, options)}`,
    wrap,
    setNameServers: (...servers) =>
      writeFile(
        join(settings, 'resolv.conf'),
        ['options timeout:1 attempts:2', ...servers.map((each) => `nameserver ${each}`), ''].join('\n'),
      ),
    setKernel: (name, value) => void sysctl('-w', `${name}=${value}`),
    kernel: (name) => sysctl(name),
  };
  await line.setNameServers(...nameServers);
  // What one run taught the kernel about the path is no help to the next.
  line.setKernel('net.ipv4.tcp_no_metrics_save', '1');
  for (const [name, value] of Object.entries(kernel)) line.setKernel(name, value);
  return line;
}

/** A good line, and not more than a test machine passes by hand. */
const BYTES_PER_SECOND = 60_000_000;

/** What a command that is run there prints. */
export function inNamespace(name: string, ...command: readonly string[]): string {
  return execFileSync('ip', ['netns', 'exec', name, ...command], { encoding: 'utf8' }).trim();
}

export function ip(name: string, ...args: readonly string[]): void {
  execFileSync('ip', ['-n', name, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
}

function setUp(name: string, addresses: readonly string[], address6: string): void {
  ip(name, 'link', 'set', 'lo', 'up');
  for (const address of addresses) ip(name, 'addr', 'add', `${address}/24`, 'dev', 'line0');
  ip(name, 'link', 'set', 'line0', 'mtu', '1500', 'txqueuelen', '10000', 'up');
  ip(name, 'addr', 'add', `${address6}/64`, 'dev', 'line0', 'nodad');
}

export async function startFarEnd(name: string, options: LineOptions): Promise<number> {
  const { sim = {}, sizeBytes = 6_000_000, isOneHost = false, addresses6 = [], slowNamesMs = 0 } = options;
  const child = spawn(
    'ip',
    ['netns', 'exec', name, process.execPath, join(import.meta.dirname, 'far-end.mjs')],
    // prettier-ignore
    { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  endings.push(() => ended(child, () => child.disconnect()));
  const records = { 'hub.example': { A: [PLACES.hub], AAAA: addresses6 } };
  child.send({
    ...{ sizeBytes, isOneHost, sim: { ...sim, addresses: { hub: PLACES.hub, cdn: PLACES.cdn } } },
    nameServers: [
      { address: PLACES.quickNames, records },
      { address: PLACES.slowNames, records, delayMs: slowNamesMs },
    ],
  });
  return new Promise((resolve, reject) => {
    child.once('message', ({ port }: { port: number }) => resolve(port));
    child.once('exit', (code) => reject(new Error(`the far end ended with ${code}`))).once('error', reject);
  });
}

async function ended(child: ChildProcess, end: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise((resolve) => child.once('exit', resolve));
  end();
  await over;
}
