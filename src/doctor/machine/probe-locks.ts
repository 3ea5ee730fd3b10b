import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { errnoOf } from '../../base/index.js';
import type { DiskFacts } from '../facts.js';
import { PROBES } from '../limits.js';

type Locks = Pick<DiskFacts, 'keepsOut' | 'flocks'>;

/**
 * Whether a second process is kept out of what a first one has, in an empty folder of ours: by making files exclusively, as leases of the store are
 * taken, and by `flock`, as other tools lock their caches. What cannot be tried is absent. Processes of other machines are not tried.
 */
export async function probeLocks(folder: string, signal: AbortSignal, flags: 'wx' | 'w' = 'wx'): Promise<Locks> {
  const keepsOut = await race(folder, flags, signal);
  const flocks = await tryFlock(join(folder, 'flock'), signal);
  signal.throwIfAborted();
  return { ...(keepsOut === undefined ? {} : { keepsOut }), ...(flocks === undefined ? {} : { flocks }) };
}

const NAMES = 200;

/** The second process: says that it is there, and when told to makes as many of the files as it can. */
const RIVAL = `
const { closeSync, openSync } = require('node:fs');
const [folder, flags, names] = process.argv.slice(1);
process.stdin.once('data', () => {
  const won = [];
  for (let index = 0; index < Number(names); index += 1)
    try {
      closeSync(openSync(folder + '/race-' + index, flags));
      won.push(index);
    } catch (thrown) {
      if (thrown.code !== 'EEXIST') throw thrown;
    }
  process.stdout.write(won.join() + '\\n', () => process.exit());
});
process.stdout.write('ready\\n');
`;

/** Two processes make the same files at the same time: nobody may have one that the other has. The first is there before the race begins. */
async function race(folder: string, flags: 'wx' | 'w', signal: AbortSignal): Promise<boolean | undefined> {
  return withProcess(
    process.execPath,
    ['-e', RIVAL, folder, flags, String(NAMES)],
    signal,
    async ({ child: rival, nextLine }) => {
      if ((await nextLine()) !== 'ready') return undefined;
      const own = new Set(takeAll(folder, flags, 1));
      rival.stdin?.write('go\n');
      for (const index of takeAll(folder, flags, NAMES)) own.add(index);
      const told = await nextLine();
      if (told === undefined || !/^[\d,]*$/.test(told)) return undefined;
      const others = told === '' ? [] : told.split(',').map(Number);
      return others.every((index) => !own.has(index));
    },
  );
}

function takeAll(folder: string, flags: 'wx' | 'w', names: number): readonly number[] {
  return Array.from({ length: names }, (_, index) => index).filter((index) => {
    try {
      closeSync(openSync(join(folder, `race-${index}`), flags));
      return true;
    } catch (thrown) {
      if (errnoOf(thrown) === 'EEXIST') return false;
      throw thrown;
    }
  });
}

/** Undefined where there is no `flock`, or the file system does not take the lock at all. */
async function tryFlock(path: string, signal: AbortSignal): Promise<boolean | undefined> {
  return withProcess('flock', [path, 'sh', '-c', 'echo held; read line'], signal, async ({ nextLine }) => {
    if ((await nextLine()) !== 'held') return undefined;
    return withProcess('flock', ['-n', path, 'echo', 'held'], signal, async (second) => {
      if ((await second.nextLine()) === 'held') return false;
      await second.over;
      return second.child.exitCode === 1 ? true : undefined;
    });
  });
}

type NextLine = () => Promise<string | undefined>;

interface Running {
  readonly child: ChildProcess;
  /** It has ended and printed everything, or could not be run. */
  readonly over: Promise<void>;
  /** Undefined once there are no more. */
  readonly nextLine: NextLine;
}

/** Runs it for as long as `use` takes and no longer; undefined where it cannot be run or takes too long. */
async function withProcess<T>(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
  use: (running: Running) => Promise<T>,
): Promise<T | undefined> {
  const child = spawn(command, args, {
    ...{ signal, timeout: PROBES.toolMs, killSignal: 'SIGKILL' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const over = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine: NextLine = async () => {
    const next: IteratorResult<string, unknown> = await lines.next();
    return next.done === true ? undefined : next.value;
  };
  try {
    return await use({ child, over, nextLine });
  } finally {
    child.stdin.end();
    child.kill('SIGKILL');
    await over;
  }
}
