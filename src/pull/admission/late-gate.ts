import type { EventSink, SluiceError, SluiceEvent } from '../../base/index.js';
import type { HeldFile } from '../holdings.js';
import type { PullContext } from '../port.js';
import type { Prepared } from '../prepare.js';
import type { OpenWires } from '../wires.js';
import type { PullGate } from './pull-gate.js';
import { riskyFiles } from './risky-files.js';

/** Loads the gate. Undefined where the policy is not for this ref. */
export type OpenGate = () => Promise<Pick<PullGate, keyof PullGate> | undefined>;

/**
 * The gate, opened when it is needed: its readers of formats take as long to load as a hub to answer, which is time in which nothing else is asked
 * or read. So that is done once bytes come, or before anything moves where there is something to look into first. Nothing is shown without it.
 */
export class LateGate {
  readonly #open: OpenGate;
  readonly #stop = new AbortController();
  #opening: ReturnType<OpenGate> | undefined;
  #opened: Awaited<ReturnType<OpenGate>>;

  constructor(open: OpenGate) {
    this.#open = open;
  }

  /** Fires when a file that has come turns out to be refused. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /** Why it fired. */
  get refusal(): SluiceError | undefined {
    return this.#opened?.refusal;
  }

  /** See `PullGate.preflight`. @throws SluiceError REFUSED */
  async preflight(prepared: Prepared, context: PullContext, wires: OpenWires): Promise<void> {
    const missing = prepared.surveyed.filter(({ sha256 }) => sha256 === undefined);
    if (context.settings.offline || riskyFiles(missing).length === 0) return;
    await (await this.#gate())?.preflight(prepared, context, wires);
  }

  /** Passes events on, and lets the gate see to what they tell of. */
  watch(prepared: Prepared, { emit, signal }: PullContext): EventSink {
    return (event) => {
      emit(event);
      if (event.type === 'file.proven') this.#came(prepared, event, signal);
      // From here on bytes come by themselves.
      else if (event.type === 'piece.landed') this.#ready();
    };
  }

  /** See `PullGate.judge`. @throws SluiceError REFUSED, BAD_SIGNATURE */
  async judge(prepared: Prepared, files: readonly HeldFile[], context: PullContext, wires: OpenWires): Promise<void> {
    await (await this.#gate())?.judge(prepared, files, context, wires);
  }

  #came(prepared: Prepared, event: Extract<SluiceEvent, { type: 'file.proven' }>, signal: AbortSignal): void {
    // Whatever it is, it shows when all is judged.
    this.#gate()
      .then((gate) => gate?.came(prepared, event, signal))
      .catch(() => undefined);
  }

  #ready(): void {
    if (this.#opening === undefined) this.#gate().catch(() => undefined);
  }

  #gate(): ReturnType<OpenGate> {
    return (this.#opening ??= this.#load());
  }

  async #load(): ReturnType<OpenGate> {
    this.#opened = await this.#open();
    const inner = this.#opened?.stop;
    inner?.addEventListener('abort', () => this.#stop.abort(inner.reason), { once: true });
    return this.#opened;
  }
}
