import type { OnReadOpts, Socket } from 'node:net';

import type { BlockPool } from './block-pool.js';
import { Intake } from './intake.js';

/** Who uses a connection at the moment. */
export interface Guest {
  /** Memory of its own that the next read may fill, where nothing waits in the intake. */
  room(): Buffer | undefined;
  /** So much of that memory was filled. */
  onFilled(room: Buffer, bytes: number): void;
  /** More has landed in the intake. */
  onBytes(): void;
  /** Told once: nothing will come any more. `error` is undefined when the other side ended in order. */
  onClosed(error: Error | undefined): void;
}

/** Opens a socket that reads where `onread` says. */
export type Dial = (onread: OnReadOpts) => Promise<Socket>;

/** While reads fill their memory, the event loop goes on with the same socket, up to 32 times: others would starve beside it. */
const TURN_BYTES = 256 * 1024;
/** Less says nothing of how fast a connection is. */
const TELLING_BYTES = 256 * 1024;

/** A socket whose bytes land in memory of ours, for one guest after the other. */
export class Connection {
  readonly intake: Intake;
  /** Called when it cannot be used any more. */
  readonly #onGone: (connection: Connection) => void;
  #socket: Socket | undefined;
  #guest: Guest | undefined;
  #isHeld = false;
  /** The others have their turn. */
  #isYielding = false;
  #turnBytes = 0;
  #isOver = false;
  #isInUse = false;
  #isSocketClosed = false;
  #error: Error | undefined;
  /** It brought an answer before, or lay unused: its server may have closed it just when it is used. */
  wasKept = false;
  /** Bytes per millisecond that it brought when it last brought enough to say so. */
  pace: number | undefined;
  /** For the guest of now, and since when. */
  #broughtBytes = 0;
  #broughtSinceMs = 0;

  /** @throws SluiceError what `dial` throws */
  static async open(dial: Dial, pool: BlockPool, onGone: (connection: Connection) => void): Promise<Connection> {
    const connection = new Connection(pool, onGone);
    try {
      connection.#settle(await dial(connection.#onread()));
      return connection;
    } catch (error) {
      connection.intake.dispose();
      throw error;
    }
  }

  private constructor(pool: BlockPool, onGone: (connection: Connection) => void) {
    this.intake = new Intake(pool);
    this.#onGone = onGone;
  }

  get isUsable(): boolean {
    return !this.#isOver && this.intake.pendingBytes === 0;
  }

  enter(guest: Guest): void {
    this.#guest = guest;
    this.#isInUse = true;
    this.#broughtBytes = 0;
    this.#socket?.ref();
    if (this.#isOver) this.#tellGuest();
  }

  /** The guest is done with the intake too. An unused connection does not keep the process alive. */
  leave(): void {
    this.#guest = undefined;
    this.#isInUse = false;
    if (this.#broughtBytes >= TELLING_BYTES)
      this.pace = this.#broughtBytes / Math.max(1, performance.now() - this.#broughtSinceMs);
    this.#broughtBytes = 0;
    this.#dispose();
    this.#socket?.unref();
  }

  send(text: string): void {
    this.#socket?.write(text, 'latin1');
  }

  /** Lets the other side wait. What is already decrypted may still land. */
  hold(): void {
    this.#isHeld = true;
    this.#socket?.pause();
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if (!this.#isOver && !this.#isYielding) this.#socket?.resume();
  }

  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket?.destroy();
    this.#end();
  }

  #onread(): OnReadOpts {
    // Node asks for the memory of the next read as soon as the one before it is dealt with.
    let room: Buffer | undefined;
    let owner: Guest | undefined;
    return {
      buffer: () => {
        owner = this.#guest;
        room = owner?.room();
        return room ?? this.intake.room();
      },
      callback: (bytes) => {
        if (room !== undefined && this.#guest === owner) owner?.onFilled(room, bytes);
        else {
          if (room === undefined) this.intake.landed(bytes);
          if (room === undefined && this.#guest !== undefined) this.#guest.onBytes();
          // Nobody asked for it.
          else this.destroy();
        }
        if (this.#broughtBytes === 0) this.#broughtSinceMs = performance.now();
        this.#broughtBytes += bytes;
        this.#turnBytes += bytes;
        if (this.#turnBytes >= TURN_BYTES) this.#yield();
        return !this.#isHeld && !this.#isYielding;
      },
    };
  }

  #yield(): void {
    this.#turnBytes = 0;
    if (this.#isYielding || this.#isOver) return;
    this.#isYielding = true;
    this.#socket?.pause();
    setImmediate(() => {
      this.#isYielding = false;
      if (!this.#isHeld && !this.#isOver) this.#socket?.resume();
    });
  }

  #settle(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('end', () => this.destroy());
    socket.on('close', () => {
      this.#isSocketClosed = true;
      this.#end();
      this.#dispose();
    });
    if (!socket.destroyed) return;
    this.#isSocketClosed = socket.closed;
    this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onGone(this);
    this.#tellGuest();
  }

  /** Only then will neither a read nor a guest touch the memory again. */
  #dispose(): void {
    if (this.#isSocketClosed && !this.#isInUse) this.intake.dispose();
  }

  #tellGuest(): void {
    const guest = this.#guest;
    this.#guest = undefined;
    guest?.onClosed(this.#error);
  }
}
