import { SluiceError, toSluiceError } from '../../base/index.js';

/**
 * What an error of one who was asked means: `failure` that it could not tell, `next` that it has not got it and others may, `stop` that it has the
 * say and refuses.
 */
export type Verdict = 'failure' | 'next' | 'stop';

/** One of those who may be asked. */
export interface Candidate<T> {
  /** Rejects with a SluiceError. */
  readonly ask: (signal: AbortSignal) => Promise<T>;
  /** The one after it is asked beside it when it has not answered for so long; `late` is told. */
  readonly patienceMs: number;
  readonly late: () => void;
  readonly verdict: (error: SluiceError) => Verdict;
}

interface No {
  readonly error: SluiceError;
  readonly verdict: Verdict;
}

/**
 * The first success of those who are asked in turn: the next one when the one before has failed, has not got it, or is late. A refusal counts only
 * when all before it have said that they have not got it: what could not be asked might have it, so then its failure is the outcome.
 * @throws SluiceError
 */
export function askInOrder<T>(candidates: readonly Candidate<T>[], signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const gone = (): void => over.abort();
    const noes: (No | undefined)[] = [];
    let asked = 0;
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', gone);
      over.abort();
    };
    const next = (): void => {
      clearTimeout(timer);
      const at = asked;
      const candidate = candidates[at];
      if (candidate === undefined) return;
      asked += 1;
      if (asked < candidates.length) timer = setTimeout(() => beside(candidate), candidate.patienceMs);
      candidate.ask(over.signal).then(
        (value) => {
          end();
          resolve(value);
        },
        (thrown: unknown) => {
          const error = toSluiceError(thrown);
          noes[at] = { error, verdict: candidate.verdict(error) };
          settled(at);
        },
      );
    };
    const beside = (candidate: Candidate<T>): void => {
      candidate.late();
      next();
    };
    const settled = (at: number): void => {
      const error = outcome(noes, candidates.length) ?? (over.signal.aborted ? noes[at]?.error : undefined);
      if (error !== undefined) {
        end();
        reject(error);
      } else if (noes[at]?.verdict !== 'stop' && at === asked - 1) next();
    };
    signal.addEventListener('abort', gone, { once: true });
    if (signal.aborted) gone();
    if (candidates.length === 0) {
      end();
      reject(nothing());
    } else next();
  });
}

/** The error of all together; undefined while that is open. */
function outcome(noes: readonly (No | undefined)[], count: number): SluiceError | undefined {
  let failure: SluiceError | undefined;
  let first: SluiceError | undefined;
  for (let at = 0; at < count; at += 1) {
    const no = noes[at];
    if (no === undefined) return undefined;
    if (no.verdict === 'stop') return failure ?? no.error;
    if (no.verdict === 'failure') failure ??= no.error;
    first ??= no.error;
  }
  return failure ?? first ?? nothing();
}

/** Nobody who may be asked. */
export function nothing(): SluiceError {
  return new SluiceError('FILE_NOT_FOUND', { host: 'the hub', path: 'an answer to this' });
}
