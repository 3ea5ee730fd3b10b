import { RENEW_AHEAD_MS } from '../limits.js';
import { expiresAtMs } from './expiry.js';

/** Where one request is to go. */
export interface Way {
  readonly url: string;
  /** The place that an earlier redirect led to, rather than the source's own address. */
  readonly isRemembered: boolean;
  /** Set for the one request that asks the hub on behalf of all; it tells what it learnt, or that it learnt nothing. */
  readonly lead?: Lead;
}

export interface Lead {
  /** Why the hub is asked again; undefined for the first time. */
  readonly reason: string | undefined;
  movedTo(url: string): void;
  /** The final answer came, from `url`. */
  arrived(url: string): void;
  /** No answer came; somebody else may lead. Does nothing after `arrived`. */
  gaveUp(): void;
}

interface Target {
  readonly url: string;
  readonly renewAtMs: number;
}

/**
 * The way to one file on one source. The first request asks the source; where it was redirected to serves all further ones, until that
 * address ends or refuses. Then again one request asks, and the others wait for it.
 */
export class Route {
  readonly #source: { readonly url: string };
  readonly #now: () => number;
  #target: Target | undefined;
  /** The source answers by itself: nothing to remember. */
  #isDirect = false;
  #leading: Promise<void> | undefined;
  #reason: string | undefined;

  /** `source.url` is read at every use: an origin may learn a shorter way. */
  constructor(source: { readonly url: string; readonly foundAt?: string }, now: () => number = Date.now) {
    this.#source = source;
    this.#now = now;
    if (source.foundAt !== undefined) this.#remember(source.foundAt);
  }

  /** Where the next request is likely to go. */
  get likelyUrl(): string {
    return this.#target?.url ?? this.#source.url;
  }

  async next(signal: AbortSignal): Promise<Way> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#target !== undefined) {
        if (this.#now() < this.#target.renewAtMs) return { url: this.#target.url, isRemembered: true };
        this.#forget('its signed address ends soon');
      }
      if (this.#isDirect) return { url: this.#source.url, isRemembered: false };
      if (this.#leading === undefined) return { url: this.#source.url, isRemembered: false, lead: this.#beginLead() };
      await this.#leading;
    }
  }

  /** The place behind `url` refuses: unless somebody found a new one meanwhile, the source is asked again. */
  refused(url: string, reason: string): void {
    if (this.#target?.url === url) this.#forget(reason);
  }

  #forget(reason: string): void {
    this.#target = undefined;
    this.#reason = reason;
  }

  #beginLead(): Lead {
    let release: () => void = () => undefined;
    const leading = new Promise<void>((resolve) => (release = resolve));
    this.#leading = leading;
    const end = (): void => {
      if (this.#leading === leading) this.#leading = undefined;
      release();
    };
    return {
      reason: this.#reason,
      movedTo: (url) => {
        // A signed address is where the bytes are; anything else may be one more stop on the way.
        if (expiresAtMs(url) === undefined) return;
        this.#remember(url);
        end();
      },
      arrived: (url) => {
        if (url === this.#source.url) this.#isDirect = true;
        else if (this.#target === undefined && this.#leading === leading) this.#remember(url);
        end();
      },
      gaveUp: end,
    };
  }

  #remember(url: string): void {
    const now = this.#now();
    const endMs = expiresAtMs(url);
    const lifeMs = endMs === undefined ? Infinity : endMs - now;
    this.#target = { url, renewAtMs: now + Math.max(lifeMs - RENEW_AHEAD_MS, lifeMs * 0.9) };
  }
}
