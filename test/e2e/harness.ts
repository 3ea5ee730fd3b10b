import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

/** The built program, as a user runs it. `npm test` builds it first. */
export const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

export interface Machine {
  readonly root: string;
  readonly home: string;
  readonly hfHome: string;
  readonly msCache: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface JsonEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

const folders: string[] = [];
const children = new Set<ChildProcess>();

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

/** An empty machine: its own store, caches and environment, and nothing inherited that could lead elsewhere. */
export async function newMachine(env: Readonly<Record<string, string>> = {}): Promise<Machine> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-e2e-'));
  folders.push(root);
  const home = join(root, 'store');
  const hfHome = join(root, 'hf');
  const msCache = join(root, 'ms');
  return {
    root,
    home,
    hfHome,
    msCache,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: root,
      LANG: 'C.UTF-8',
      SLUICE_HOME: home,
      HF_HOME: hfHome,
      MODELSCOPE_CACHE: msCache,
      ...env,
    },
  };
}

export interface StartOptions {
  /** A command that runs the program, e.g. in a mount namespace: what stands before its own words. */
  readonly wrap?: readonly string[];
  /** Runs as another user; only root may. */
  readonly uid?: number;
  /** What it reads from standard input, which is closed otherwise. */
  readonly stdin?: string;
}

/** Starts `sluice` and gives the running process; it is killed at the end of the test if it still runs. */
export function startSluice(
  machine: Machine,
  args: readonly string[],
  { wrap = [], uid, stdin }: StartOptions = {},
): { child: ChildProcess; done: Promise<Finished> } {
  const startedMs = Date.now();
  const [command = process.execPath, ...words] = [...wrap, process.execPath, PROGRAM, ...args];
  const child = spawn(command, words, {
    cwd: machine.root,
    env: machine.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  children.add(child);
  child.stdin.on('error', () => undefined).end(stdin ?? '');
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const done = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      children.delete(child);
      resolve({ code, signal, stdout, stderr, ms: Date.now() - startedMs });
    });
  });
  return { child, done };
}

export function sluice(machine: Machine, ...args: readonly string[]): Promise<Finished> {
  return startSluice(machine, args).done;
}

export function sluiceWith(machine: Machine, options: StartOptions, ...args: readonly string[]): Promise<Finished> {
  return startSluice(machine, args, options).done;
}

/** The same machine with some variables set differently; undefined takes one away. */
export function withEnv(machine: Machine, env: Readonly<Record<string, string | undefined>>): Machine {
  const merged = Object.entries({ ...machine.env, ...env });
  return { ...machine, env: Object.fromEntries(merged.flatMap(([k, v]) => (v === undefined ? [] : [[k, v]]))) };
}

/** The events of a run with `--json`. */
export function eventsOf(finished: Finished): readonly JsonEvent[] {
  return finished.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonEvent);
}
