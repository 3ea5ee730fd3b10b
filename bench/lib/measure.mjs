// A whole process, from its start to its end: wall clock, CPU of it and its children, peak memory of the largest of them.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { atEnd } from './closing.mjs';

const TIME = '/usr/bin/time';
const TAIL_CHARS = 1500;

/** The one that runs now: an interrupted bench must not leave it behind. */
let running;
const endRunning = () => {
  if (running !== undefined) process.kill(-running.pid, 'SIGKILL');
};
atEnd(endRunning);

export const canMeasureCpu = existsSync(TIME);

/**
 * Resolves to { wallS, cpuS, rssMb, code, tail }; `code` is 'timeout' when it took longer than `timeoutS` and was ended.
 * The environment is exactly `env` and PATH: nothing of the caller's proxies, tokens or caches gets in.
 */
export async function measure({ command, args, env = {}, cwd, timeoutS = 600 }) {
  const report = join(cwd, '.time');
  const [program, ...rest] = canMeasureCpu
    ? [TIME, '-o', report, '-f', '%U %S %M', command, ...args]
    : [command, ...args];
  const started = process.hrtime.bigint();
  const child = spawn(program, rest, {
    cwd,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  running = child;
  let tail = '';
  const keep = (chunk) => (tail = (tail + chunk).slice(-TAIL_CHARS));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    endRunning();
  }, timeoutS * 1000);
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exit, signal) => resolve(exit ?? signal));
  });
  const wallS = Number(process.hrtime.bigint() - started) / 1e9;
  running = undefined;
  clearTimeout(timer);
  return { wallS, ...readReport(report), code: timedOut ? 'timeout' : code, tail };
}

function readReport(path) {
  if (!existsSync(path)) return {};
  const line = readFileSync(path, 'utf8').trim().split('\n').at(-1);
  rmSync(path);
  // Who was ended leaves nothing.
  if (line === '') return {};
  const [user, system, rssKb] = line.split(' ').map(Number);
  return { cpuS: user + system, rssMb: rssKb / 1024 };
}
