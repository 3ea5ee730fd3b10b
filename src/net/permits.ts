import { SluiceError } from '../base/index.js';

interface Host {
  active: number;
  readonly waiting: Waiter[];
}

interface Waiter {
  readonly admit: () => void;
  readonly refuse: () => void;
}

/** How many requests one host is asked at once, whichever roads they take; the others wait, first come, first served. */
export class Permits {
  readonly #most: number;
  readonly #hosts = new Map<string, Host>();
  #isClosed = false;

  constructor(mostPerHost: number) {
    this.#most = mostPerHost;
  }

  /** Resolves with what gives the permit back, to be called once. @throws SluiceError INTERRUPTED */
  async take(host: string, signal: AbortSignal): Promise<() => void> {
    if (signal.aborted || this.#isClosed) throw new SluiceError('INTERRUPTED');
    const state = this.#hosts.get(host) ?? { active: 0, waiting: [] };
    this.#hosts.set(host, state);
    if (state.active < this.#most) state.active += 1;
    else await this.#turn(state, signal);
    return () => this.#giveBack(host, state);
  }

  /** Refuses everybody who waits. */
  close(): void {
    this.#isClosed = true;
    for (const { waiting } of this.#hosts.values()) for (const { refuse } of waiting.splice(0)) refuse();
  }

  #turn({ waiting }: Host, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        waiting.splice(waiting.indexOf(waiter), 1);
        reject(new SluiceError('INTERRUPTED'));
      };
      const waiter: Waiter = {
        admit: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
        refuse: () => {
          signal.removeEventListener('abort', onAbort);
          reject(new SluiceError('INTERRUPTED'));
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.push(waiter);
    });
  }

  #giveBack(host: string, state: Host): void {
    const next = state.waiting.shift();
    if (next !== undefined) {
      next.admit();
      return;
    }
    state.active -= 1;
    if (state.active === 0) this.#hosts.delete(host);
  }
}
