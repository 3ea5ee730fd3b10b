import { toSluiceError } from '../base/index.js';
import type { Failure } from './facts.js';

export function failureOf(thrown: unknown): Failure {
  const { code, message } = toSluiceError(thrown);
  return { code, message };
}

/** For errors of sockets, whose code says more than any of ours would. */
export function socketFailure(thrown: unknown): Failure {
  const { code, message } = thrown as NodeJS.ErrnoException;
  return { code: code ?? 'CONNECT', message };
}
