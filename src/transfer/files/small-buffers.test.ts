import { expect, it } from 'vitest';
import { SmallBuffers } from './small-buffers.js';

const never = new AbortController().signal;

it.each([true, false])(
  'lends no more than it may, gives what comes back to who waits longest, and apart from all others (shared: %s)',
  async (isShared) => {
    const buffers = new SmallBuffers(20, isShared);
    const lent = await Promise.all(Array.from({ length: 20 }, () => buffers.lend(never)));
    for (const buffer of lent) expect(buffer.buffer instanceof SharedArrayBuffer).toBe(isShared);
    for (const [index, buffer] of lent.entries()) buffer.fill(index);
    for (const [index, buffer] of lent.entries()) expect(buffer.every((byte) => byte === index)).toBe(true);
    const got: string[] = [];
    const first = buffers.lend(never).then((buffer) => got.push(`first ${buffer[0]}`));
    const second = buffers.lend(never).then((buffer) => got.push(`second ${buffer[0]}`));
    await Promise.resolve();
    expect(got).toEqual([]);
    buffers.giveBack(lent[7]!);
    buffers.giveBack(lent[3]!);
    await Promise.all([first, second]);
    expect(got).toEqual(['first 7', 'second 3']);
  },
);

it('who stops waiting gets nothing, and takes nothing from the others', async () => {
  const buffers = new SmallBuffers(1, true);
  const only = await buffers.lend(never);
  const leaving = new AbortController();
  const left = buffers.lend(leaving.signal);
  const stayed = buffers.lend(never);
  leaving.abort(new Error('enough'));
  await expect(left).rejects.toThrow('enough');
  buffers.giveBack(only);
  expect(await stayed).toBe(only);
  await expect(buffers.lend(AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
});
