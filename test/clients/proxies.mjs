// `sluice pull` through real proxies: squid, microsocks and OpenSSH, each on a port of loopback of its own.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificates } from './certificates.mjs';
import { run, sluice } from './processes.mjs';
import { holds, proof, same } from './report.mjs';

const REPOSITORY = 'acme/tiny-1.5';
const START_MS = 60_000;
const PATH = [process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter);

export async function proxies({ root, scratch, world }) {
  const folder = join(scratch, 'proxies');
  mkdirSync(folder);
  const { ca, tls } = makeCertificates(folder);
  const hub = await world.start({ tls });
  const pull = async (proxy, name, { env = {}, exit = 0 } = {}) => {
    const home = join(folder, name);
    mkdirSync(home);
    const to = join(home, 'out');
    const settings = { HOME: home, HF_ENDPOINT: hub.url, SLUICE_CA: ca, ALL_PROXY: proxy, SLUICE_NO_PROGRESS: '5s', PATH, ...env }; // prettier-ignore
    const done = await sluice(root, ['pull', REPOSITORY, '--to', to], { env: settings, exit });
    if (exit === 0) same(digestsOf(to, world.model), world.model, 'files');
    return done;
  };
  /** What doctor finds by way of a proxy, and how many requests the hub saw meanwhile. */
  const examine = async (proxy, name, env = {}) => {
    const home = join(folder, name);
    mkdirSync(home);
    const settings = { HOME: home, HF_ENDPOINT: hub.url, SLUICE_CA: ca, ALL_PROXY: proxy, SLUICE_NO_PROGRESS: '5s', PATH, ...env }; // prettier-ignore
    const before = hub.requests.length;
    const main = join(root, 'dist', 'cli', 'main.js');
    const { code, stdout, stderr } = await run(process.execPath, [main, 'doctor', `hf:${REPOSITORY}`, '--json'], { env: settings }); // prettier-ignore
    holds(stdout !== '', stderr);
    return { code, report: JSON.parse(stdout), asked: hub.requests.length - before };
  };
  /** The way was measured to its end, through `address`. */
  const isMeasured = ({ report, asked }, address) => {
    const { hosts } = report.facts;
    same([...new Set(hosts.map(({ proxy }) => proxy))], [address], 'proxies of the hosts');
    holds(hosts.every(({ failure, answer }) => failure === undefined && answer?.firstByteMs > 0), JSON.stringify(hosts)); // prettier-ignore
    holds(
      hosts.some(({ goodput }) => goodput.some(({ bytes }) => bytes > 0)),
      'no stream was measured',
    );
    same(
      report.findings.filter(({ severity }) => severity === 'blocks'),
      [],
      'what blocks',
    );
    holds(asked > 0, 'the hub saw nothing');
  };
  /** The proxy is what is named first, and nobody was asked around it. */
  const isBlocked = ({ code, report, asked }, address) => {
    same([code, report.findings[0]?.cause, report.findings[0]?.evidence.proxy], [7, 'PROXY_FAILS', address], 'first finding'); // prettier-ignore
    same(asked, 0, 'requests around the proxy');
  };
  try {
    await proof('squid', 'a pull by CONNECT is exact (needs the package squid)', async () => {
      const squid = await startSquid();
      try {
        await pull(`http://127.0.0.1:${squid.port}`, 'squid');
        holds(squid.log().includes('CONNECT'), 'squid saw no tunnel');
      } finally {
        await squid.stop();
      }
    });
    await proof(
      'microsocks',
      'a pull by socks5h with a password is exact, doctor measures through it and never around it (needs the package microsocks)',
      async () => {
        const socks = await startDaemon('microsocks', (port) => ['-i', '127.0.0.1', '-p', String(port), '-u', 'ann', '-P', 'secret']); // prettier-ignore
        try {
          const address = `127.0.0.1:${socks.port}`;
          await pull(`socks5h://ann:secret@${address}`, 'socks5h');
          holds(socks.log().includes('connected'), 'microsocks saw nothing');
          await pull(`socks5://ann:secret@${address}`, 'socks5');
          const { stderr } = await pull(`socks5h://ann:wrong@${address}`, 'socks-wrong', { exit: 7 });
          holds(stderr.includes('PROXY') && !stderr.includes('wrong'), stderr);
          const before = socks.log().length;
          isMeasured(await examine(`socks5h://ann:secret@${address}`, 'socks-doctor'), address);
          holds(socks.log().slice(before).includes('connected'), 'microsocks saw nothing of doctor');
          isBlocked(await examine(`socks5h://ann:wrong@${address}`, 'socks-doctor-wrong'), address);
        } finally {
          await socks.stop();
        }
      },
    );
    await proof(
      'OpenSSH',
      'a pull by ssh:// is exact, doctor measures through it and never around it, and no ssh is left (needs the package openssh-server)',
      async () => {
        const sshd = await startSshd(folder);
        try {
          const jump = `ssh://${userInfo().username}@127.0.0.1:${sshd.port}`;
          const env = { PATH: `${sshd.client}${delimiter}${PATH}` };
          await pull(jump, 'ssh', { env });
          holds(sshd.log().includes('Accepted publickey'), 'sshd let nobody in');
          same(processesWith(sshd.config), [], 'processes of ssh');
          const { stderr } = await pull(jump, 'ssh-stranger', { env: { ...env, SSH_TEST_KEY: '/dev/null' }, exit: 7 });
          holds(stderr.includes('Permission denied'), stderr);
          const before = sshd.log().length;
          isMeasured(await examine(jump, 'ssh-doctor', env), `127.0.0.1:${sshd.port}`);
          holds(sshd.log().slice(before).includes('Accepted publickey'), 'sshd let doctor not in');
          same(processesWith(sshd.config), [], 'processes of ssh after doctor');
          isBlocked(await examine(jump, 'ssh-doctor-stranger', { ...env, SSH_TEST_KEY: '/dev/null' }), `127.0.0.1:${sshd.port}`); // prettier-ignore
        } finally {
          await sshd.stop();
        }
      },
    );
  } finally {
    await hub.stop();
  }
}

function digestsOf(folder, model) {
  const hash = (path) => createHash('sha256').update(readFileSync(join(folder, path))).digest('hex'); // prettier-ignore
  return Object.fromEntries(Object.keys(model).map((path) => [path, hash(path)]));
}

/** squid drops its rights where it is started by root: its folder is anybody's. */
async function startSquid() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-squid-'));
  chmodSync(folder, 0o777);
  const config = join(folder, 'squid.conf');
  const log = join(folder, 'access.log');
  const daemon = await startDaemon('squid', (port) => {
    const lines = [
      `http_port 127.0.0.1:${port}`,
      'http_access allow localhost',
      'http_access deny all',
      'cache deny all',
      `access_log stdio:${log}`,
      `cache_log ${join(folder, 'cache.log')}`,
      `pid_filename ${join(folder, 'squid.pid')}`,
      `coredump_dir ${folder}`,
      'pinger_enable off',
      'shutdown_lifetime 0 seconds',
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    return ['-N', '-f', config];
  });
  // It writes down a tunnel when that has ended.
  return {
    ...daemon,
    log: () => (existsSync(log) ? readFileSync(log, 'utf8') : ''),
    stop: async () => {
      await daemon.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As the user who runs this, with keys made for it; `client` is a folder with an `ssh` that uses them and no configuration of the user's. */
async function startSshd(folder) {
  const at = (name) => join(folder, name);
  for (const name of ['host', 'user']) spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  writeFileSync(at('authorized'), readFileSync(at('user.pub')));
  const daemon = await startDaemon('sshd', (port) => {
    const lines = [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${at('host')}`,
      `AuthorizedKeysFile ${at('authorized')}`,
      `PidFile ${at('sshd.pid')}`,
      'UsePAM no',
      'StrictModes no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'AllowTcpForwarding yes',
    ];
    writeFileSync(at('sshd_config'), `${lines.join('\n')}\n`);
    // The place where it parts with its rights, which a service's start would make.
    if (process.getuid() === 0) mkdirSync('/run/sshd', { recursive: true });
    return ['-D', '-e', '-f', at('sshd_config')];
  });
  writeFileSync(at('known'), `[127.0.0.1]:${daemon.port} ${readFileSync(at('host.pub'), 'utf8')}`);
  writeFileSync(at('ssh_config'), `IdentitiesOnly yes\nUserKnownHostsFile ${at('known')}\nStrictHostKeyChecking yes\n`);
  const program = which('ssh');
  mkdirSync(at('client'));
  const script = `#!/bin/sh\nexec ${program} -F ${at('ssh_config')} -i "\${SSH_TEST_KEY:-${at('user')}}" "$@"\n`;
  writeFileSync(join(at('client'), 'ssh'), script, { mode: 0o755 });
  return { ...daemon, client: at('client'), config: at('ssh_config') };
}

function processesWith(text) {
  const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes(text));
}

/** A program in the foreground on a free port; ready when that takes connections. */
async function startDaemon(program, argumentsFor) {
  const port = await freePort();
  // sshd wants to be called by its whole name.
  const child = spawn(which(program), argumentsFor(port), { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  let failure;
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text));
  child.on('error', (error) => (failure = error));
  for (const endMs = Date.now() + START_MS; !(await takesConnections(port)); await sleep(50)) {
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null || Date.now() > endMs) {
      child.kill('SIGKILL');
      throw new Error(`${program} did not start: ${log.slice(-800)}`);
    }
  }
  return {
    port,
    log: () => log,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'close');
    },
  };
}

function which(program) {
  return PATH.split(delimiter).map((folder) => join(folder, program)).find(existsSync) ?? program; // prettier-ignore
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function takesConnections(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
