import type { Caller, Description, Question, RepositoryRef } from '../hubs/index.js';
import { Answers } from './answers.js';
import { callerKey } from './caller-key.js';
import type { Upstreams } from './upstreams/upstreams.js';

interface Page {
  readonly value: unknown;
  readonly nextQuery?: string;
}

export interface QuestionsOptions {
  readonly upstreams: Upstreams;
  readonly stop: AbortSignal;
  readonly now: () => number;
}

const FRESH_MS = 60_000;
const MAX_PAGES = 500;

/** Questions to a hub that are about no repository. Each caller is answered for himself, since hubs list what only he may see. */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #answers: Answers<Page>;

  constructor(options: QuestionsOptions) {
    this.#options = options;
    const { stop, now } = options;
    const capacity = MAX_PAGES;
    this.#answers = new Answers({ freshMs: FRESH_MS, isUsefulOld: true, weight: () => 1, capacity, stop, now });
  }

  async ask(
    hub: RepositoryRef['origin'],
    question: Question,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<Description> {
    const { value, ...told } = await this.#answers.get({
      about: `${hub} ${question.what === 'caller' ? 'caller' : `${question.kind} ${question.query}`}`,
      caller: callerKey(caller),
      ask: async (stop) => {
        const { upstreams } = this.#options;
        const places = upstreams.own(hub, caller);
        const value = await upstreams.first(places, stop, (origin, signal) => origin.ask?.(question, signal));
        return { value, isPublic: false };
      },
      signal,
    });
    return { ...value, ...told };
  }
}
