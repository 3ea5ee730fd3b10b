import { FormatFault } from './format-fault.js';
import type { ByteSource } from './port.js';
import { checkSpan } from './sources.js';

/** What readers are given instead of the bytes themselves: bounds are checked, a signal ends it, and that the bytes could not be had is told apart from bytes that are wrong. */
export class GuardedSource implements ByteSource {
  /** Why bytes could not be had, however the reader took it. */
  failure: { readonly reason: unknown } | undefined;

  constructor(
    private readonly bytes: ByteSource,
    private readonly signal: AbortSignal | undefined,
  ) {}

  get sizeBytes(): number {
    return this.bytes.sizeBytes;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    checkSpan(this.bytes.sizeBytes, offset, length);
    try {
      this.signal?.throwIfAborted();
      if (length === 0) return Buffer.alloc(0);
      const buffer = await this.bytes.read(offset, length);
      if (buffer.length !== length) throw new Error(`${buffer.length} bytes came instead of ${length}`);
      return buffer;
    } catch (reason) {
      // Of packed bytes: they can be had, and are wrong.
      if (!(reason instanceof FormatFault)) this.failure ??= { reason };
      throw reason;
    }
  }

  /** @throws what the bytes were missing by, and the signal's reason. */
  rethrow(): void {
    this.signal?.throwIfAborted();
    if (this.failure !== undefined) throw this.failure.reason;
  }
}
