import { SluiceError } from '../base/index.js';
import type { Leg, LegEnd } from './road.js';
import type { UndiciRoad, UndiciRoadOptions } from './undici-road.js';

/** The road for everything, with undici loaded when something first takes it: that costs as much as Node's own start, and most pulls never do. */
export class LateUndiciRoad {
  readonly #options: UndiciRoadOptions;
  #road: Promise<UndiciRoad> | undefined;
  #isClosed = false;

  constructor(options: UndiciRoadOptions) {
    this.#options = options;
  }

  async go(leg: Leg): Promise<LegEnd> {
    const road = await (this.#road ??= this.#open());
    if (this.#isClosed) throw new SluiceError('INTERRUPTED');
    return road.go(leg);
  }

  /** Closes a connection to the origin that is not in use, if there is one. */
  dropIdle(origin: string): void {
    void this.#road?.then((road) => road.dropIdle(origin));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await (await this.#road)?.close();
  }

  async #open(): Promise<UndiciRoad> {
    const { UndiciRoad: Road } = await import('./undici-road.js');
    return new Road(this.#options);
  }
}
