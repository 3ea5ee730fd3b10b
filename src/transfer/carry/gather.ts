/** What may wait does so for this long after the last message: hundreds of pieces land in a second, and to wake another thread costs as much as 300 KB of reading. */
const WAIT_MS = 8;

/**
 * Sends messages to another thread several at once, in their order: those that may wait go with the next one, or a moment later. On a slow line none
 * waits.
 */
export class Gather<Message> {
  readonly #post: (messages: readonly Message[]) => void;
  #waiting: Message[] = [];
  #postedMs = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(post: (messages: readonly Message[]) => void) {
    this.#post = post;
  }

  send(message: Message, mayWait = false): void {
    this.#waiting.push(message);
    // Looked at here too: a thread that writes to a slow disk comes to its timers late.
    if (!mayWait || performance.now() - this.#postedMs >= WAIT_MS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), WAIT_MS);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#postedMs = performance.now();
    const messages = this.#waiting;
    this.#waiting = [];
    this.#post(messages);
  }
}
