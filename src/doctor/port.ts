import type { PullContext } from '../pull/index.js';

export interface ExamineContext extends PullContext {
  /** Told of each step that begins, for people who wait: `names`, `streams-8`, …, and what it is about. */
  readonly tell: (step: string, about: string) => void;
}
