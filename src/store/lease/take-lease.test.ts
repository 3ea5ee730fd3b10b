import { spawn } from 'node:child_process';
import { mkdir, readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FAST_LEASE, namesBelow, temporaryFolder } from '../testing/fixtures.js';
import { formatRecord, newRecord, parseRecord, type LeaseRecord } from './lease-record.js';
import { isDead, ownIdentity } from './process-identity.js';
import { takeLease, tryLease } from './take-lease.js';

const signal = new AbortController().signal;
const PATIENT = { ...FAST_LEASE, staleMs: 3_600_000, confirmMs: 3_600_000 };

async function place(): Promise<{ path: string; tmp: string }> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'tmp'));
  return { path: join(folder, 'lease'), tmp: join(folder, 'tmp') };
}

/** A process that does nothing. */
async function bystander() {
  const child = spawn(process.execPath, ['-e', 'console.log("up"); setInterval(() => {}, 1000)']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

/** What a lease of that process, which lives, would say. */
async function recordOf(pid: number): Promise<LeaseRecord> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  const processStart = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return { ...newRecord('of-another'), pid, ...(processStart === undefined ? {} : { processStart }) };
}

describe('a lease', () => {
  test('of a process that was killed is taken at once, however long leases last', async () => {
    const { path, tmp } = await place();
    const child = await bystander();
    await writeFile(path, formatRecord(await recordOf(child.pid!)));
    expect(await tryLease(path, PATIENT)).toBeUndefined();
    const waited: string[] = [];
    const taking = takeLease(path, { tmp, timing: PATIENT, signal, onWait: (holder) => waited.push(holder) });
    await expect.poll(() => waited).toEqual([`process ${child.pid!}`]);
    child.kill('SIGKILL');
    const lease = await taking;
    expect(await lease!.isOurs()).toBe(true);
    await lease!.release();
    expect(await namesBelow(join(path, '..'))).toEqual([]);
  });

  test('whose process number now belongs to another process is taken at once', async () => {
    if (process.platform !== 'linux') return;
    const { path, tmp } = await place();
    await writeFile(path, formatRecord({ ...newRecord('reused'), processStart: '1' }));
    const lease = await takeLease(path, { tmp, timing: PATIENT, signal });
    expect(await lease!.isOurs()).toBe(true);
    await lease!.release();
  });

  test.each([
    ['of another machine', formatRecord({ ...newRecord('far'), host: `not-${hostname()}` })],
    ['that its holder never finished writing', ''],
    ['that is garbage', '\u0000\u0000'],
  ])('%s is taken after silence', async (_, content) => {
    const { path, tmp } = await place();
    await writeFile(path, content);
    await utimes(path, new Date(), new Date(Date.now() - 3600_000));
    const lease = await takeLease(path, { tmp, timing: FAST_LEASE, signal });
    expect(await lease!.isOurs()).toBe(true);
    await lease!.release();
  });

  test('of another machine that still beats is not taken', async () => {
    const { path, tmp } = await place();
    const content = formatRecord({ ...newRecord('far'), host: `not-${hostname()}` });
    await writeFile(path, content);
    const beat = setInterval(() => void writeFile(path, content), 20);
    onTestFinished(() => clearInterval(beat));
    const abort = new AbortController();
    let looks = 0;
    const isMoot = async () => ++looks > 60;
    expect(await takeLease(path, { tmp, timing: FAST_LEASE, signal: abort.signal, isMoot })).toBeUndefined();
    expect(parseRecord(await readFile(path, 'utf8'))?.token ?? 'far').toBe('far');
  });

  test('is kept beyond its time by its heartbeat', async () => {
    const { path, tmp } = await place();
    const mine = await tryLease(path, FAST_LEASE);
    let looks = 0;
    const taken = await takeLease(path, { tmp, timing: FAST_LEASE, signal, isMoot: async () => ++looks > 80 });
    expect(taken).toBeUndefined();
    expect(await mine!.isOurs()).toBe(true);
    await mine!.release();
  });

  test('that was taken tells its former holder, who then leaves the new one alone', async () => {
    const { path } = await place();
    const mine = await tryLease(path, FAST_LEASE);
    const other = formatRecord(newRecord('successor'));
    await writeFile(`${path}.new`, other);
    await rename(`${path}.new`, path);
    await expect.poll(() => mine!.lost.aborted).toBe(true);
    await mine!.release();
    expect(await readFile(path, 'utf8')).toBe(other);
  });

  test('that is dead goes to exactly one of many', async () => {
    const { path, tmp } = await place();
    await writeFile(path, formatRecord({ ...newRecord('dead'), host: 'elsewhere' }));
    await utimes(path, new Date(), new Date(0));
    let holding = 0;
    let most = 0;
    const use = async () => {
      const lease = await takeLease(path, { tmp, timing: FAST_LEASE, signal });
      holding += 1;
      most = Math.max(most, holding);
      await new Promise((resolve) => setImmediate(resolve));
      expect(await lease!.isOurs()).toBe(true);
      holding -= 1;
      await lease!.release();
    };
    await Promise.all(Array.from({ length: 12 }, use));
    expect(most).toBe(1);
  });
});

describe('a lease record', () => {
  test('is read as it was written', () => {
    const record = newRecord('token');
    expect(parseRecord(formatRecord(record))).toEqual(record);
    expect(isDead(record)).toBe(false);
  });

  test('is nothing when it is anything else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseRecord(text)).toBeUndefined();
      }),
    );
  });

  test('of another numbering of processes is never surely dead', () => {
    const gone = { ...ownIdentity(), pid: 2 ** 30, processStart: '1' };
    expect(isDead({ ...gone, host: 'elsewhere' })).toBe(false);
    expect(isDead({ ...gone, bootId: 'another boot' })).toBe(false);
    expect(isDead({ ...gone, pidSpace: 'pid:[1]' })).toBe(false);
    expect(isDead(gone)).toBe(true);
  });
});
