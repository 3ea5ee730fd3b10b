import { fork, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '../../base/index.js';
import type { CarrierReport, CarrierTask } from './carrier-messages.js';

/** What to send, and on what. */
export type Carrying = Omit<CarrierTask, 'id'> & { readonly socket: Socket };

export interface Carried extends Pick<CarrierReport, 'bytes' | 'rightPieces' | 'isWrong'> {
  /** The connection, if it goes on. */
  readonly socket: Socket | undefined;
  /** Why it was cut. */
  readonly reason: string | undefined;
}

interface Carrier {
  readonly child: ChildProcess;
  readonly tasks: Map<number, (carried: Carried) => void>;
}

/** One that ended by itself is replaced after so long. */
const REPLACE_MS = 1000;
/** Of a task whose carrier ended. */
const NOTHING: Carried = { bytes: 0, rightPieces: 0, isWrong: false, socket: undefined, reason: 'carrier-ended' };

/**
 * Processes that send the bodies of files that are here. Node cannot let the kernel send a file, and one thread copies some 2 to 3 GB/s; so the
 * server, having decided and accounted everything, hands the connection itself to one of several processes, which gives it back after the last
 * byte. TLS cannot be handed over: its keys are in the memory of the process that shook hands.
 */
export class Carriers {
  readonly #carriers = new Set<Carrier>();
  #lastId = 0;
  #isSending = false;
  #isClosed = false;

  constructor(count: number) {
    for (let index = 0; index < count; index += 1) this.#start();
  }

  /**
   * Lets this process send a body itself while it sends no other: a single stream is a half faster without the way to another process. Gives what to
   * call at its end; undefined when the body is to be handed over.
   */
  stay(): (() => void) | undefined {
    if (this.#isSending && this.#carriers.size > 0) return undefined;
    this.#isSending = true;
    return () => (this.#isSending = false);
  }

  /** Never rejects: a cut answer has its reason. */
  carry({ socket, ...task }: Carrying): Promise<Carried> {
    const [carrier] = [...this.#carriers].sort((a, b) => a.tasks.size - b.tasks.size);
    if (carrier === undefined) throw new SluiceError('INTERNAL', { reason: 'no carrier' });
    const id = (this.#lastId += 1);
    // Node would count the connection as one of the server's until the carrier's end.
    (socket as { server?: unknown }).server = undefined;
    return new Promise((resolve) => {
      carrier.tasks.set(id, resolve);
      carrier.child.send({ ...task, id } satisfies CarrierTask, socket, (error) => {
        if (error !== null && carrier.tasks.delete(id)) resolve(NOTHING);
      });
    });
  }

  /** Cuts what they still send. */
  close(): void {
    this.#isClosed = true;
    for (const { child } of this.#carriers) child.kill('SIGKILL');
  }

  #start(): void {
    const child = fork(fileURLToPath(new URL('./worker.js', import.meta.url)), {
      // Nothing of ours is theirs to know: tokens stand in the environment.
      env: { UV_THREADPOOL_SIZE: '8' },
      execArgv: [],
      serialization: 'json',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const carrier: Carrier = { child, tasks: new Map() };
    this.#carriers.add(carrier);
    child.on('message', (message, socket) => {
      const { id, reason, ...how } = message as CarrierReport;
      const task = carrier.tasks.get(id);
      carrier.tasks.delete(id);
      task?.({ ...how, socket: socket as Socket | undefined, reason });
    });
    child.on('error', () => undefined);
    child.on('exit', () => {
      this.#carriers.delete(carrier);
      for (const resolve of carrier.tasks.values()) resolve(NOTHING);
      if (!this.#isClosed) setTimeout(() => this.#isClosed || this.#start(), REPLACE_MS).unref();
    });
  }
}
