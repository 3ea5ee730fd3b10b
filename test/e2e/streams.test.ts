import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { hub, isRight, MODEL } from './hub.js';
import {
  eventsOf,
  newMachine,
  PROGRAM,
  sluice,
  sluiceWith,
  startSluice,
  type Finished,
  type Machine,
} from './harness.js';

const MIB = 2 ** 20;
const WEIGHT = 'model-00001-of-00002.safetensors';

async function ready(rate?: number): Promise<{ machine: Machine; sim: Awaited<ReturnType<typeof hub>> }> {
  const sim = await hub(rate === undefined ? {} : { network: { totalBytesPerSecond: rate } });
  return { sim, machine: await newMachine({ HF_ENDPOINT: sim.url }) };
}

/** A pipeline as a shell makes it; what its last command wrote, and the program's own exit code. */
async function pipeline(machine: Machine, args: string, rest: string) {
  const script = `set -o pipefail; { "$NODE" "$MAIN" ${args}; echo "exit $?" >&2; } ${rest}`;
  const env = { ...machine.env, NODE: process.execPath, MAIN: PROGRAM };
  const child = spawn('bash', ['-c', script], { cwd: machine.root, env });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  await once(child, 'close');
  return { stdout, stderr, code: Number(/exit (\d+)/.exec(stderr)?.[1] ?? NaN) };
}

describe('standard output', () => {
  it('is the path and nothing else, quiet or not; everything for people is on standard error', async () => {
    const { machine } = await ready();
    for (const flags of [[], ['--quiet'], ['-q']]) {
      const done = await sluice(machine, 'pull', 'acme/tiny', ...flags);
      expect(done.code, done.stderr).toBe(0);
      expect(done.stdout).toMatch(/^\/[^\n]+\n$/);
      expect(await isRight(MODEL, WEIGHT, join(done.stdout.trim(), WEIGHT))).toBe(true);
      expect(done.stderr === '').toBe(flags.length > 0);
    }
  });

  it('is empty when a pull fails, quiet or not, and --quiet still tells the error', async () => {
    const { machine } = await ready();
    for (const flags of [[], ['--quiet']]) {
      const done = await sluice(machine, 'pull', 'acme/nothing', ...flags);
      expect(done.code).toBe(3);
      expect(done.stdout).toBe('');
      expect(done.stderr).toContain('acme/nothing');
    }
  });

  it('with --json is events alone, also of a pull that fails; the last one tells the exit code', async () => {
    const { machine } = await ready();
    const failed = await sluice(machine, 'pull', 'acme/nothing', '--json');
    expect(eventsOf(failed).at(-1)).toMatchObject({ type: 'pull.failed', code: 'REPOSITORY_NOT_FOUND', exit: 3 });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--json');
    expect(eventsOf(done).at(-1)).toMatchObject({ type: 'pull.done', files: Object.keys(MODEL).length });
    expect(eventsOf(done).every(({ type }) => typeof type === 'string')).toBe(true);
  });

  it('that is read by `head -1` gets its line, and nobody hears of a broken pipe', async () => {
    const { machine } = await ready();
    const piped = await pipeline(machine, 'pull acme/tiny', '| head -1');
    expect(piped.stdout).toMatch(/^\/.+\n$/);
    expect(piped.code).toBe(0);
    expect(piped.stderr).not.toContain('EPIPE');
  });

  it('whose reader goes away during --json: ends, keeps what arrived, and a pull goes on from there', async () => {
    const { machine, sim } = await ready(12 * MIB);
    const piped = await pipeline(machine, 'pull acme/tiny --json', '| head -3');
    expect(piped.stdout.trim().split('\n').length).toBe(3);
    expect(piped.stderr).not.toMatch(/EPIPE|\n\s+at /);
    expect([0, 130]).toContain(piped.code);
    sim.setNetwork('clean');
    const done = await sluice(machine, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(0);
    expect(await isRight(MODEL, WEIGHT, join(done.stdout.trim(), WEIGHT))).toBe(true);
  });

  it('that is closed from the start, and standard error too, does not stop a pull', async () => {
    const { machine } = await ready();
    const closed = await pipeline(machine, 'pull acme/tiny --quiet', '>&- 2>&1');
    expect(closed.stderr).not.toMatch(/\n\s+at /);
    const silent = await pipeline(machine, 'pull acme/tiny --to flat >/dev/null 2>&-', '');
    expect(silent.code).toBe(0);
    expect(await isRight(MODEL, WEIGHT, join(machine.root, 'flat', WEIGHT))).toBe(true);
  });
});

describe('standard input', () => {
  it('that is closed, empty or endless does not matter', async () => {
    const { machine } = await ready();
    for (const rest of ['<&-', '</dev/null', '</dev/zero']) {
      const done = await pipeline(machine, 'pull acme/tiny', rest);
      expect(done.code, done.stderr).toBe(0);
    }
    const listed = await sluiceWith(machine, { stdin: 'acme/tiny' }, 'pull', '--list', '-', '--quiet');
    expect(listed.code, listed.stderr).toBe(0);
    expect(listed.stdout).toMatch(/^\/[^\n]+\n$/);
  });
});

describe('a signal', () => {
  /** Ends a pull half-way by `end`, then pulls again. */
  async function endedBy(wrap: readonly string[], end: (child: ChildProcess) => unknown): Promise<Finished> {
    const { machine, sim } = await ready(8 * MIB);
    const { child, done } = startSluice(machine, ['pull', 'acme/tiny'], { wrap });
    await expect.poll(() => sim.sentBytes, { timeout: 10_000 }).toBeGreaterThan(6 * MIB);
    end(child);
    const ended = await done;
    // Who was told by its terminal ends a little after it.
    for (let seen = -1; seen !== sim.sentBytes;) {
      seen = sim.sentBytes;
      await sleep(250);
    }
    const before = sim.sentBytes;
    sim.setNetwork('clean');
    const again = await sluice(machine, 'pull', 'acme/tiny');
    expect(again.code, again.stderr).toBe(0);
    expect(await isRight(MODEL, WEIGHT, join(again.stdout.trim(), WEIGHT))).toBe(true);
    expect(sim.sentBytes - before).toBeLessThan(32 * MIB);
    return ended;
  }

  it.each(['SIGINT', 'SIGTERM'] as const)('%s: ends at once, keeps everything', async (signal) => {
    const ended = await endedBy([], (child) => child.kill(signal));
    expect(ended.code, ended.stderr).toBe(130);
    expect(ended.stdout).toBe('');
  });

  it('SIGHUP without a terminal, as under nohup: goes on', async () => {
    const ended = await endedBy(['nohup'], (child) => child.kill('SIGHUP'));
    expect(ended.code, ended.stderr).toBe(0);
  });

  it.skipIf(process.platform !== 'linux' || !existsSync('/usr/bin/script'))(
    'a terminal that goes away: ends, keeps everything',
    async () => {
      const quoted = ['sh', '-c', 'exec script -qfc "$(printf "%s " "$@")" /dev/null', 'sh'];
      await endedBy(quoted, (child) => child.kill('SIGKILL'));
    },
  );
});
