import type { PullContext } from '../pull/index.js';

export interface ExamineContext extends PullContext {
  /** Whether one stream is to be watched for minutes (`PROBES.longMs`). */
  readonly isLong?: boolean;
  /** Told of each step that begins, for people who wait: `names`, `streams-8`, …, and what it is about. */
  readonly tell: (step: string, about: string) => void;
}
