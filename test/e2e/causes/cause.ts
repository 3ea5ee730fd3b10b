import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import type { CauseCode, Finding, Report } from '../../../src/doctor/index.js';
import { eventsOf, newMachine, sluiceWith, type JsonEvent, type Machine, type StartOptions } from '../harness.js';

/** How the program is run, before or after something was mended. */
export interface Case {
  readonly machine: Machine;
  readonly start?: StartOptions;
}

export interface Trouble extends Case {
  /** Does what doctor recommends. Left out where that is to let `sluice pull` go about it: then the trouble stays, and the pull is well. */
  readonly mend?: (finding: Finding) => Promise<Case>;
  /** What the pull must have done, or what the second report must say. */
  readonly check?: (seen: {
    readonly before: Report;
    readonly after: Report | undefined;
    readonly events: readonly JsonEvent[];
  }) => void | Promise<void>;
}

/** A row of the table in docs/DOCTOR.md. */
export interface Cause {
  readonly injected: string;
  readonly verdict: CauseCode;
  readonly remedy: string;
  /** Why it cannot be done on this machine. */
  readonly whyNot?: () => string | undefined;
  readonly inject: () => Promise<Trouble>;
}

const REF = 'hf:acme/tiny';

/** The cause is the first that is named, what is recommended takes it away, and the files arrive. */
export async function prove({ verdict, inject }: Cause): Promise<void> {
  const trouble = await inject();
  const before = await diagnose(trouble);
  const [first] = before.findings;
  expect(first?.cause, told(before)).toBe(verdict);
  const mended = trouble.mend === undefined ? trouble : await trouble.mend(first!);
  const after = trouble.mend === undefined ? undefined : await diagnose(mended);
  if (after !== undefined) expect(after.findings.map(({ cause }) => cause), told(after)).not.toContain(verdict); // prettier-ignore
  const pulled = await sluiceWith(mended.machine, mended.start ?? {}, 'pull', REF, '--json');
  expect(pulled.code, pulled.stderr).toBe(0);
  await trouble.check?.({ before, after, events: eventsOf(pulled) });
}

async function diagnose({ machine, start = {} }: Case): Promise<Report> {
  const { stdout, stderr } = await sluiceWith(machine, start, 'doctor', REF, '--json');
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout) as Report;
}

/** What a failed expectation shows. */
function told({ findings, facts }: Report): string {
  return JSON.stringify({ findings, hosts: facts.hosts }, undefined, 1);
}

const folders: string[] = [];

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

/** A machine whose disk is memory, where there is some: what a test machine's disk is like today is not the matter here. */
export async function quickMachine(env: Readonly<Record<string, string>> = {}): Promise<Machine> {
  const folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sluice-cause-'));
  folders.push(folder);
  await chmod(folder, 0o777);
  return newMachine({ SLUICE_HOME: join(folder, 'store'), HF_HOME: join(folder, 'hf'), ...env });
}

/** The same machine with other variables. */
export function withSettings(machine: Machine, env: Readonly<Record<string, string>>): Machine {
  return { ...machine, env: { ...machine.env, ...env } };
}

/**
 * What the machine lacks to bring the cause about: its test is then counted as skipped, with the reason. Root on Linux, as in the project's own runs, has
 * to have everything.
 * @throws Error there, when something is lacking all the same
 */
export function requireMeans({ whyNot }: Pick<Cause, 'whyNot'>): string | undefined {
  const lacking = whyNot?.();
  if (lacking !== undefined && process.platform === 'linux' && process.getuid?.() === 0) throw new Error(lacking);
  return lacking;
}
