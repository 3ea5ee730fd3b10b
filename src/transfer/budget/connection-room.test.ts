import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConnectionRoom, HostConnections, type Connected } from './connection-room.js';

const URLS = ['http://one/a', 'http://two/b'];
const MOST = 3;

/** Threads that close what they are told to, and the first thread, of which it is only known what it may keep. */
function rig(threads: number) {
  /** Connections of the first thread that nobody uses. */
  const mine = new Map<string, number>();
  const trim = (url: string, most: number): void => void mine.set(url, Math.min(most, mine.get(url) ?? 0));
  const room = new ConnectionRoom({ trim }, MOST);
  const all = Array.from({ length: threads }, (): Connected & { readonly told: string[] } => {
    const told: string[] = [];
    return { told, connections: new HostConnections(), post: ({ url, most }) => void told.push(`${most} ${url}`) };
  });
  for (const thread of all) room.add(thread);
  return { room, all, mine };
}

const hostOf = (url: string): string => new URL(url).host;

test('what the first thread keeps is closed for requests of others, and no more of it than is too much', () => {
  const { room, all, mine } = rig(1);
  const [thread] = all;
  mine.set('http://one/a', 3).set('http://two/b', 3);
  for (const left of [2, 1, 0]) {
    thread?.connections.enter('one');
    if (thread !== undefined) room.make('http://one/a', thread);
    expect(mine.get('http://one/a')).toBe(left);
  }
  expect(mine.get('http://two/b')).toBe(3);
  expect(thread?.told).toEqual([]);
});

test('what other threads keep is closed before it is too much, what they have in use stays', () => {
  const { room, all } = rig(2);
  const [idle, busy] = all;
  if (idle === undefined || busy === undefined) throw new Error('two threads');
  for (let count = 0; count < 3; count += 1) idle.connections.enter('one');
  idle.connections.leave('one', true);
  idle.connections.leave('one', true);
  busy.connections.enter('one');
  room.make('http://one/a', busy);
  busy.connections.enter('one');
  room.make('http://one/a', busy);
  expect(idle.told).toEqual(['2 http://one/a', '1 http://one/a']);
  // More than there may be, by whoever gave out the work: nobody has anything to close.
  busy.connections.enter('one');
  room.make('http://one/a', busy);
  expect(idle.told).toHaveLength(2);
});

test('so is what threads keep, for requests of the first one', () => {
  const { room, all } = rig(1);
  const [thread] = all;
  for (let count = 0; count < 3; count += 1) thread?.connections.enter('one');
  for (let count = 0; count < 3; count += 1) thread?.connections.leave('one', true);
  room.makeHere('http://two/b', 1);
  expect(thread?.told).toEqual([]);
  room.makeHere('http://one/a', 1);
  room.makeHere('http://one/a', 2);
  expect(thread?.told).toEqual(['2 http://one/a', '1 http://one/a']);
});

test('however requests come and go, a host has no more connections than it may get', () => {
  const step = fc.record({
    thread: fc.nat(2),
    url: fc.constantFrom(...URLS),
    isEnd: fc.boolean(),
    isKept: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { room, all, mine } = rig(3);
      for (const url of URLS) mine.set(url, MOST);
      const active = new Map<string, number>();
      for (const { thread: at, url, isEnd, isKept } of steps) {
        const thread = all[at];
        const host = hostOf(url);
        if (thread === undefined) continue;
        if (isEnd && thread.connections.activeTo(host) > 0) {
          thread.connections.leave(host, isKept);
          active.set(host, (active.get(host) ?? 0) - 1);
        }
        // Never more at once: that is the scheduler's doing.
        if (!isEnd && (active.get(host) ?? 0) < MOST) {
          active.set(host, (active.get(host) ?? 0) + 1);
          thread.connections.enter(host);
          room.make(url, thread);
          const theirs = all.reduce((sum, { connections }) => sum + connections.countTo(host), 0);
          expect(theirs + (mine.get(url) ?? 0)).toBeLessThanOrEqual(MOST);
        }
      }
    }),
    { numRuns: 200 },
  );
});
