import { SluiceError } from '../../base/index.js';
import type { XetAccess } from './access.js';
import { isSamePlan, makePlan, type Fetch } from './plan.js';
import type { ByteSpan } from './port.js';
import type { XorbRange } from './wire.js';

export interface PlanOptions {
  readonly access: XetAccess;
  readonly fileId: string;
  /** As people know the file. */
  readonly path: string;
  readonly source: string;
  readonly span: ByteSpan;
  readonly signal: AbortSignal;
}

/** The plan of one span. Its signed addresses are asked for again once for all who were refused. */
export class PlanHolder {
  readonly #options: PlanOptions;
  readonly fetches: readonly Fetch[];
  #current: readonly Fetch[];
  #renewal: Promise<void> | undefined;
  renewals = 0;

  private constructor(options: PlanOptions, fetches: readonly Fetch[]) {
    this.#options = options;
    this.fetches = fetches;
    this.#current = fetches;
  }

  static async make(options: PlanOptions): Promise<PlanHolder> {
    return new PlanHolder(options, await askPlan(options));
  }

  /** The newest address of a fetch, by its place in `fetches`. */
  rangeOf(index: number): XorbRange {
    const fetch = this.#current[index];
    if (fetch === undefined) throw new SluiceError('INTERNAL', { reason: 'no such fetch' });
    return fetch.range;
  }

  /** Sees to it that there are newer addresses than `refused`. @throws SluiceError SOURCE_CHANGED when the file is made of something else now */
  async renew(index: number, refused: XorbRange): Promise<void> {
    if (this.rangeOf(index) !== refused) return;
    this.#renewal ??= this.#ask().finally(() => (this.#renewal = undefined));
    await this.#renewal;
  }

  async #ask(): Promise<void> {
    const { path, source } = this.#options;
    const next = await askPlan(this.#options);
    if (!isSamePlan(next, this.#current))
      throw new SluiceError('SOURCE_CHANGED', { path, source, reason: 'its Xet terms are others now' });
    this.#current = next;
    this.renewals += 1;
  }
}

async function askPlan({ access, fileId, span, signal }: PlanOptions): Promise<readonly Fetch[]> {
  const reconstruction = await access.reconstruct(fileId, span, signal);
  const { host } = reconstruction;
  return makePlan(reconstruction, span, (reason) => new SluiceError('BAD_RESPONSE', { host, reason }));
}
