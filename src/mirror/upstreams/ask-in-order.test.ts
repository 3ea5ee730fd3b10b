import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SluiceError, toSluiceError } from '../../base/index.js';
import { askInOrder, type Candidate, type Verdict } from './ask-in-order.js';

const ERRORS = {
  failure: new SluiceError('CONNECT', { host: 'hub' }),
  next: new SluiceError('REPOSITORY_NOT_FOUND', { host: 'hub', repository: 'x' }),
  stop: new SluiceError('GATED', { host: 'hub', repository: 'x' }),
} as const;

const SIGNAL = new AbortController().signal;

type Answer = Verdict | 'yes' | 'silent';

/** Each answers with its place, or fails; a silent one until it is called off. */
function rig(answers: readonly Answer[], patienceMs = 60_000) {
  const asked: number[] = [];
  const late: number[] = [];
  const off: number[] = [];
  const candidates = answers.map((answer, at): Candidate<number> => ({
    ask: (signal) => {
      asked.push(at);
      if (answer === 'yes') return Promise.resolve(at);
      if (answer !== 'silent') return Promise.reject(ERRORS[answer]);
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          off.push(at);
          reject(new SluiceError('INTERRUPTED'));
        });
      });
    },
    patienceMs,
    late: () => late.push(at),
    verdict: (error) => (error === ERRORS.next ? 'next' : error === ERRORS.stop ? 'stop' : 'failure'),
  }));
  return { asked, late, off, candidates };
}

describe('those who are asked in order', () => {
  test('answer one after the other, and nobody is asked in vain', async () => {
    const { asked, candidates } = rig(['failure', 'next', 'yes', 'yes']);
    expect(await askInOrder(candidates, SIGNAL)).toBe(2);
    expect(asked).toEqual([0, 1, 2]);
  });

  test('are asked beside one that is late, which is called off when another has answered', async () => {
    const { late, off, candidates } = rig(['silent', 'yes'], 1);
    expect(await askInOrder(candidates, SIGNAL)).toBe(1);
    expect([late, off]).toEqual([[0], [0]]);
  });

  test('do not speak for one that is late', async () => {
    const over = new AbortController();
    const { asked, candidates } = rig(['silent', 'stop'], 1);
    const outcome = askInOrder(candidates, over.signal).catch((thrown: unknown) => toSluiceError(thrown).code);
    while (asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    over.abort();
    expect(await outcome).toBe('INTERRUPTED');
  });

  test('end when whoever asks has gone', async () => {
    const over = new AbortController();
    over.abort();
    const { asked, candidates } = rig(['failure', 'yes']);
    await expect(askInOrder(candidates, over.signal)).rejects.toBe(ERRORS.failure);
    expect(asked).toEqual([0]);
  });

  test('refuse only what all before have not got: a failure is never a refusal', async () => {
    const answer = fc.constantFrom<Answer>('failure', 'next', 'stop', 'yes');
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { maxLength: 6 }), async (answers) => {
        const { asked, candidates } = rig(answers);
        const outcome = await askInOrder(candidates, SIGNAL).catch((thrown: unknown) => thrown);
        const end = answers.findIndex((each) => each === 'yes' || each === 'stop');
        const heard = end < 0 ? answers : answers.slice(0, end + 1);
        expect(asked).toEqual(heard.map((_, at) => at));
        if (answers[end] === 'yes') expect(outcome).toBe(end);
        else if (heard.includes('failure')) expect(outcome).toBe(ERRORS.failure);
        else if (heard.includes('next')) expect([ERRORS.next, ERRORS.stop]).toContain(outcome);
        else if (heard.includes('stop')) expect(outcome).toBe(ERRORS.stop);
        else expect(toSluiceError(outcome).code).toBe('FILE_NOT_FOUND');
      }),
    );
  });
});
