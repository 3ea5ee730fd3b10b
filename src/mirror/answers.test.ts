import { describe, expect, test } from 'vitest';
import { SluiceError } from '../base/index.js';
import { Answers, type Asked, type Asking } from './answers.js';

const SIGNAL = new AbortController().signal;
const DOWN = new SluiceError('CONNECT', { host: 'hub' });
const MISSING = new SluiceError('REPOSITORY_NOT_FOUND', { host: 'hub', repository: 'x' });

/** Answers under a clock that the test moves. */
function rig(more: { isUsefulOld?: boolean; capacity?: number } = {}) {
  const clock = { ms: 1000 };
  const asked: string[] = [];
  const answers = new Answers<string>({
    freshMs: 100_000,
    isUsefulOld: true,
    weight: (value) => value.length,
    capacity: 1000,
    isSame: (a, b) => a === b,
    stop: SIGNAL,
    now: () => clock.ms,
    ...more,
  });
  const get = (caller: string, answer: Asked<string> | SluiceError, more: Partial<Asking<string>> = {}) =>
    answers.get({
      about: 'it',
      caller,
      ask: () => {
        asked.push(caller);
        return answer instanceof SluiceError ? Promise.reject(answer) : Promise.resolve(answer);
      },
      signal: SIGNAL,
      ...more,
    });
  return { clock, asked, get };
}

const open = (value: string): Asked<string> => ({ value, isPublic: true });
const closed = (value: string): Asked<string> => ({ value, isPublic: false });

describe('answers', () => {
  test('are asked for once, by whoever comes first, and told apart from what is known', async () => {
    const { clock, asked, get } = rig();
    const both = await Promise.all([get('ann', open('a')), get('ann', open('a'))]);
    expect(both).toEqual([
      { value: 'a', status: 'MISS' },
      { value: 'a', status: 'MISS' },
    ]);
    expect(await get('bob', open('b'))).toEqual({ value: 'a', status: 'HIT' });
    expect(asked).toEqual(['ann']);
    clock.ms += 100_001;
    expect(await get('bob', open('a'))).toEqual({ value: 'a', status: 'REVALIDATED' });
    clock.ms += 100_001;
    expect(await get('bob', open('new'))).toEqual({ value: 'new', status: 'MISS' });
  });

  test('that are not for everybody are told to nobody else, and what was for everybody ends with them', async () => {
    const { clock, asked, get } = rig();
    await get('bob', open('open'));
    clock.ms += 100_001;
    expect(await get('ann', closed('secret'))).toEqual({ value: 'secret', status: 'MISS' });
    expect(await get('ann', DOWN)).toEqual({ value: 'secret', status: 'HIT' });
    await expect(get('bob', MISSING)).rejects.toBe(MISSING);
    await expect(get('nobody', DOWN)).rejects.toBe(DOWN);
    expect(asked).toEqual(['bob', 'ann', 'bob', 'nobody']);
  });

  test('of refusal are kept for a short while, for who met them', async () => {
    const { clock, asked, get } = rig();
    await expect(get('ann', MISSING)).rejects.toBe(MISSING);
    clock.ms += 29_000;
    await expect(get('ann', open('there'))).rejects.toBe(MISSING);
    expect(await get('bob', closed('there'))).toMatchObject({ value: 'there' });
    clock.ms += 2000;
    expect(await get('ann', open('there'))).toMatchObject({ value: 'there' });
    expect(asked).toEqual(['ann', 'bob', 'ann']);
  });

  test('that make no sense leave what is known in its place, and are asked for again soon where nothing is', async () => {
    const { clock, get } = rig();
    const NONSENSE = new SluiceError('BAD_MANIFEST', { host: 'hub', reason: 'the tree is not a list' });
    await expect(get('bob', NONSENSE)).rejects.toBe(NONSENSE);
    clock.ms += 3001;
    await get('ann', open('known'));
    clock.ms += 100_001;
    expect(await get('ann', NONSENSE)).toMatchObject({ value: 'known', status: 'STALE' });
    clock.ms += 15_001;
    expect(await get('ann', open('new'))).toEqual({ value: 'new', status: 'MISS' });
  });

  test('that are old are told while nobody can be asked, without asking each time', async () => {
    const { clock, asked, get } = rig();
    await get('ann', open('known'));
    clock.ms += 100_001;
    const stale = { value: 'known', status: 'STALE', warning: DOWN.message.replace('hub', 'the upstream') };
    expect(await get('ann', DOWN)).toEqual(stale);
    clock.ms += 14_000;
    expect(await get('ann', DOWN)).toEqual(stale);
    expect(asked).toHaveLength(2);
    clock.ms += 2000;
    expect(await get('ann', open('known'))).toMatchObject({ status: 'REVALIDATED' });
    // A refusal is no outage.
    clock.ms += 100_001;
    await expect(get('ann', MISSING)).rejects.toBe(MISSING);
  });

  test('of which an old one is worth nothing end with their time', async () => {
    const { clock, get } = rig({ isUsefulOld: false });
    await get('ann', open('granted'));
    clock.ms += 100_001;
    await expect(get('ann', DOWN)).rejects.toBe(DOWN);
  });

  test('that an earlier process kept are told while nobody can be asked, and asked for again before', async () => {
    const { get } = rig();
    const kept = (): Promise<{ value: string; askedAtMs: number }> => Promise.resolve({ value: 'kept', askedAtMs: 0 });
    const old = { kept, freshMs: 10 };
    expect(await get('ann', DOWN, old)).toMatchObject({ value: 'kept', status: 'STALE' });
    expect(await rig().get('ann', open('new'), old)).toMatchObject({ value: 'new', status: 'MISS' });
    expect(await rig().get('ann', DOWN, { kept })).toMatchObject({ value: 'kept', status: 'HIT' });
  });

  test('that nobody waits for any more still come to be', async () => {
    const { get } = rig();
    const gone = new AbortController();
    let answer: ((asked: Asked<string>) => void) | undefined;
    const ask = (): Promise<Asked<string>> => new Promise((resolve) => (answer = resolve));
    const first = get('ann', open(''), { ask, signal: gone.signal });
    const second = get('ann', MISSING);
    await Promise.resolve();
    gone.abort();
    await expect(first).rejects.toMatchObject({ code: 'INTERRUPTED' });
    answer?.(open('late'));
    expect(await second).toMatchObject({ value: 'late' });
  });

  test('beyond the room for them are forgotten, the longest unused first', async () => {
    const { asked, get } = rig({ capacity: 10 });
    // What is too large by itself is told, and forgets nobody.
    const about = (name: string): Promise<unknown> => get(name, open('12345'), { about: name });
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await about(name);
    expect(asked).toEqual(['a', 'b', 'c', 'b']);
    const large = { about: 'large' };
    expect(await get('large', open('12345678901'), large)).toMatchObject({ value: '12345678901' });
    await get('large', open('12345678901'), large);
    for (const name of ['a', 'b']) await about(name);
    expect(asked).toEqual(['a', 'b', 'c', 'b', 'large', 'large']);
  });
});
