// Does what the container file says, step by step and at the paths that it names, with this machine's own file system in place of the base image,
// then starts what came of it and asks for its health: for where no image can be pulled. Linux, root, overlayfs. Nothing stays but a log.
//   node deploy/container/rehearse.mjs
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const CONTEXT = dirname(dirname(HERE));
const INSIDE = '--inside';
const HEALTHY_MS = 30_000;

if (!process.argv.includes(INSIDE)) {
  // In a mount namespace of its own: all that is mounted goes with it.
  const { status } = spawnSync('unshare', ['-m', '--propagation', 'private', process.execPath, fileURLToPath(import.meta.url), INSIDE], { stdio: 'inherit' }); // prettier-ignore
  process.exit(status ?? 1);
}

const mount = (...args) => execFileSync('mount', args);
const scratch = mkdtempSync(join(tmpdir(), 'sluice-image-'));
mount('-t', 'tmpfs', 'tmpfs', scratch);
const stages = new Map();
let stage;
for (const { word, rest } of instructions(readFileSync(join(HERE, 'Dockerfile'), 'utf8'))) {
  console.log(`${word} ${rest}`);
  if (word === 'FROM') stage = begin(/ AS (\S+)$/i.exec(rest)?.[1] ?? 'last');
  else if (word === 'WORKDIR') inStage(['mkdir', '-p', (stage.folder = rest)]);
  else if (word === 'RUN') inStage(['sh', '-ec', `cd ${stage.folder}; ${rest}`]);
  else if (word === 'COPY') copy(rest);
  else if (word === 'ENV') Object.assign(stage.env, Object.fromEntries(rest.split(' ').map((pair) => pair.split('='))));
  else if (word === 'USER') stage.user = rest;
  else if (word === 'HEALTHCHECK') stage.health = JSON.parse(/CMD (\[.*\])$/.exec(rest)[1]);
  else if (word === 'ENTRYPOINT') stage.command.unshift(...JSON.parse(rest));
  else if (word === 'CMD') stage.command.push(...JSON.parse(rest));
}
await tryOut();

/** Continuation lines are joined, comments left out. */
function instructions(text) {
  const lines = text.replace(/^#.*$/gm, '').replace(/\\\n/g, ' ').split('\n').filter((line) => line.trim() !== ''); // prettier-ignore
  return lines.map((line) => ({ word: line.split(' ')[0], rest: line.slice(line.indexOf(' ') + 1).trim() }));
}

function begin(name) {
  const [upper, work, root] = ['upper', 'work', 'root'].map((part) => join(scratch, name, part));
  for (const folder of [upper, work, root]) mkdirSync(folder, { recursive: true });
  mount('-t', 'overlay', 'overlay', '-o', `lowerdir=/,upperdir=${upper},workdir=${work}`, root);
  for (const folder of ['dev', 'proc']) mount('--rbind', `/${folder}`, join(root, folder));
  const made = { root, folder: '/', env: {}, user: 'root', command: [] };
  stages.set(name, made);
  // Images of Node have this user.
  spawnSync('chroot', [root, 'useradd', '--create-home', 'node'], { stdio: 'ignore' });
  return made;
}

function inStage(command) {
  const { status } = spawnSync('chroot', [stage.root, ...command], { stdio: 'inherit', env: environment() });
  if (status !== 0) throw new Error(`${command.join(' ')} ends with ${status}`);
}

/** Nothing of this machine's settings but where programs are. */
function environment() {
  return { PATH: process.env.PATH, HOME: '/root', ...stage.env };
}

function copy(rest) {
  const words = rest.split(' ');
  const from = /^--from=(.*)$/.exec(words[0])?.[1];
  const [to, ...paths] = (from === undefined ? words : words.slice(1)).reverse();
  const target = join(stage.root, stage.folder, to);
  mkdirSync(target.replace(/[^/]*$/, ''), { recursive: true });
  for (const path of paths) {
    const source = from === undefined ? join(CONTEXT, path) : join(stages.get(from).root, path);
    if (path !== '.') {
      execFileSync('cp', ['-a', source, target]);
      continue;
    }
    const pack = execFileSync('tar', ['-c', '-C', CONTEXT, '--anchored', ...ignored(), '.'], { maxBuffer: 2 ** 30 });
    execFileSync('tar', ['-x', '--no-same-owner', '-C', target], { input: pack });
  }
}

function ignored() {
  const lines = readFileSync(join(CONTEXT, '.dockerignore'), 'utf8').split('\n').filter((line) => line !== ''); // prettier-ignore
  return lines.map((line) => `--exclude=./${line}`);
}

/** It comes up healthy as the user it names, lets nobody in without a token, and ends when told to; in a network of its own, where its port is free. */
async function tryOut() {
  const { root, folder, user, command, health } = stage;
  console.log(`starts ${command.join(' ')} as ${user}`);
  const inside = (words) => ['chroot', '--userspec', `${user}:${user}`, root, 'sh', '-c', 'cd "$0" && exec "$@"', folder, ...words]; // prettier-ignore
  const env = { ...environment(), HOME: `/home/${user}` };
  const lone = ['-n', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  const child = spawn('unshare', [...lone, ...inside(command)], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const over = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  const isRight = (words) => spawnSync('nsenter', ['-t', String(child.pid), '-n', ...inside(words)], { env }).status === 0; // prettier-ignore
  try {
    const url = await new Promise((resolve, reject) => {
      child.stdout.once('data', (text) => resolve(String(text).trim()));
      void over.then((code) => reject(new Error(`it ended with ${code}`)));
    });
    for (const beganMs = Date.now(); !isRight(health);)
      if (Date.now() - beganMs > HEALTHY_MS) throw new Error('never healthy');
    const ask = `fetch('${url.replace('0.0.0.0', '127.0.0.1')}/api/models/some/model').then((answer) => process.exit(answer.status === 401 ? 0 : 1))`;
    if (!isRight(['node', '-e', ask])) throw new Error('anybody may come in');
    console.log(`healthy at ${url}; 401 without a token`);
  } finally {
    child.kill('SIGTERM');
  }
  const code = await over;
  if (code !== 0) throw new Error(`it ends with ${code}`);
  console.log('ends with 0 when told to');
}
