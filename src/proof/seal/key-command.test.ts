import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SluiceError } from '../../base/index.js';
import { runKeyCommand } from './key-command.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-key-command-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const input = { operation: 'unwrap', fileId: 'AAAA', bytes: Buffer.from('wrapped') } as const;
const saidBy = (work: Promise<Buffer>): Promise<string> =>
  work.then(
    (bytes) => `gave ${bytes.length}`,
    (thrown: unknown) => `${(thrown as SluiceError).code} ${JSON.stringify((thrown as SluiceError).details)}`,
  );
const run = (command: string, patienceMs?: number): Promise<string> =>
  saidBy(runKeyCommand(command, { ...input, ...(patienceMs === undefined ? {} : { patienceMs }) }));

/** A shell that does not become its last command, so that killing it leaves that. */
const beyondTheShell = (command: string): string => `${command}; true`;

describe('a program that keeps a key', () => {
  it('reads what was wrapped and says the key', async () => {
    expect(await runKeyCommand('cat', input)).toEqual(input.bytes);
    const told = await runKeyCommand('printf "$SLUICE_KEY_OPERATION $SLUICE_FILE_ID"', input);
    expect(told.toString()).toBe('unwrap AAAA');
    // One that does not read is no failure of ours.
    expect(await run('printf k')).toBe('gave 1');
  });

  it('that fails is refused with what it said', async () => {
    expect(await run('echo not today >&2; exit 3')).toMatch(/^WRONG_KEY.*it ended with 3: not today/);
    expect(await run('true')).toMatch(/^WRONG_KEY.*it gave nothing/);
    expect(await run('kill -9 $$')).toMatch(/^WRONG_KEY.*it ended with/);
    expect(await run('/nowhere/at/all')).toMatch(/^WRONG_KEY.*it ended with 127/);
  });

  it.each(['sleep 60', beyondTheShell('sleep 60'), beyondTheShell('sleep 60 & sleep 60')])(
    'that hangs is left alone: %s',
    async (command) => {
      const before = openPipes();
      expect(await run(command, 300)).toMatch(/^WRONG_KEY.*it took longer than 0.3 s/);
      await expect.poll(openPipes, { timeout: 20_000 }).toBeLessThanOrEqual(before);
    },
  );

  it.each(['cat /dev/zero', beyondTheShell('cat /dev/zero')])(
    'that says too much is stopped, and no more of it is held: %s',
    async (command) => {
      const before = openPipes();
      const heldBefore = process.memoryUsage().arrayBuffers;
      expect(await run(command)).toMatch(/^WRONG_KEY.*it gave more than 65536 bytes/);
      await expect.poll(openPipes, { timeout: 20_000 }).toBeLessThanOrEqual(before);
      expect(process.memoryUsage().arrayBuffers - heldBefore).toBeLessThan(16 * 2 ** 20);
    },
  );

  it('is stopped by the signal', async () => {
    const began = join(folder, 'began');
    await writeFile(began, '');
    const stop = new AbortController();
    const before = openPipes();
    const asked = runKeyCommand(beyondTheShell(`echo x >'${began}'; sleep 60`), input, stop.signal);
    const ended = expect(asked).rejects.toThrow('enough');
    await expect.poll(() => readFile(began, 'utf8'), { timeout: 20_000 }).toBe('x\n');
    stop.abort(new Error('enough'));
    await ended;
    await expect.poll(openPipes, { timeout: 20_000 }).toBeLessThanOrEqual(before);
    await expect(runKeyCommand('cat', input, stop.signal)).rejects.toThrow('enough');
  });
});

/** What keeps this process from ending. */
function openPipes(): number {
  return process.getActiveResourcesInfo().filter((each) => /^(?:PipeWrap|ProcessWrap)$/.test(each)).length;
}
