import { expect, test } from 'vitest';
import type { Connection } from './connection.js';
import { ConnectionPool } from './connection-pool.js';

const never = new AbortController().signal;

/** A pool of as many connections as there are paces, all in use; they are dialled in this order. */
async function poolOf(...paces: readonly (number | undefined)[]) {
  const left = [...paces];
  const open = () =>
    Promise.resolve({
      isUsable: true,
      wasKept: false,
      pace: left.shift(),
      leave: () => undefined,
      destroy: () => undefined,
    } as unknown as Connection);
  const pool = new ConnectionPool(open, paces.length);
  const all = await Promise.all(paces.map(() => pool.acquire(never)));
  const paceOfNext = async (): Promise<number | undefined> => (await pool.acquire(never)).pace;
  return { pool, all, paceOfNext };
}

test('the connection used last is used first, unless it brought far less than another that is idle', async () => {
  const { pool, all, paceOfNext } = await poolOf(100, 90, 10);
  for (const connection of all) pool.release(connection, 60_000);
  expect([await paceOfNext(), await paceOfNext(), await paceOfNext()]).toEqual([90, 100, 10]);
});

test('one that nothing is known of is as good as the best', async () => {
  const { pool, all, paceOfNext } = await poolOf(100, undefined, 10);
  for (const connection of all) pool.release(connection, 60_000);
  expect([await paceOfNext(), await paceOfNext(), await paceOfNext()]).toEqual([undefined, 100, 10]);
});
