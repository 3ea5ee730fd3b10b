import { MOST_RESULT_BYTES, WINDOW_BYTES, type FromModule, type ModuleJob } from './messages.js';

/** What of WebAssembly is used here: Node's types leave it to those of browsers. */
interface Memory {
  readonly buffer: ArrayBuffer;
}
interface WebAssemblyGlobal {
  readonly Memory: abstract new (...given: never[]) => Memory;
  instantiate(bytes: Uint8Array, imports: object): Promise<{ readonly instance: { readonly exports: object } }>;
}
const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyGlobal };

/** What it exports, as it turns out: nothing of it is believed. */
interface Exports {
  readonly memory?: unknown;
  readonly alloc?: unknown;
  readonly verify?: unknown;
}

/** Compiles and runs one module (`sluice-verify/1`) in the thread that calls it, and tells how it ended. Whoever started the thread ends it when it takes too long. */
export async function serveModule(job: ModuleJob, tell: (message: FromModule) => void): Promise<void> {
  try {
    tell({ type: 'result', json: await run(job, tell) });
  } catch (thrown) {
    const reason = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    tell({ type: 'fault', reason: reason.slice(0, 500) });
  }
}

async function run(job: ModuleJob, tell: (message: FromModule) => void): Promise<string> {
  const host = { memory: undefined as Memory | undefined };
  const imports = {
    sluice: {
      read: (index: unknown, offset: unknown, pointer: unknown, length: unknown) =>
        read(job, host.memory, tell, [index, offset, pointer, length].map(Number)),
      // For whoever runs the module elsewhere: a module that logs without end must not fill the memory of whoever waits for its word.
      log: (_level: unknown, pointer: unknown, length: unknown) => {
        slice(host.memory, Number(pointer) >>> 0, Number(length) >>> 0);
      },
    },
  };
  // What stands in it was looked at, and its memory is bounded.
  const { instance } = await WebAssembly.instantiate(job.module, imports);
  const { memory, alloc, verify }: Exports = instance.exports;
  if (!(memory instanceof WebAssembly.Memory)) throw new Error('it exports no memory');
  if (typeof alloc !== 'function' || typeof verify !== 'function') throw new Error('it exports no alloc and verify');
  host.memory = memory;
  const input = Buffer.from(job.input);
  const pointer = Number((alloc as (length: number) => unknown)(input.length)) >>> 0;
  slice(memory, pointer, input.length).set(input);
  const packed = (verify as (pointer: number, length: number) => unknown)(pointer, input.length);
  if (typeof packed !== 'bigint') throw new Error('verify gives no i64');
  const at = Number(BigInt.asUintN(32, packed >> 32n));
  const length = Number(BigInt.asUintN(32, packed));
  if (length > MOST_RESULT_BYTES) throw new Error(`a result of ${length} bytes`);
  return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(slice(memory, at, length)));
}

/** Bytes of the file into the module's memory: how many, or -1 where there are none of it. */
function read(
  { sizeBytes, state, window }: ModuleJob,
  memory: Memory | undefined,
  tell: (message: FromModule) => void,
  [index = -1, offset = -1, pointer = 0, wanted = 0]: readonly number[],
): number {
  if (index !== 0 || !Number.isSafeInteger(offset) || offset < 0 || offset > sizeBytes) return -1;
  const length = Math.min(wanted >>> 0, sizeBytes - offset, WINDOW_BYTES);
  const to = slice(memory, pointer >>> 0, length);
  if (length === 0) return 0;
  const flags = new Int32Array(state);
  Atomics.store(flags, 0, 0);
  tell({ type: 'read', offset, length });
  Atomics.wait(flags, 0, 0);
  if (Atomics.load(flags, 0) !== 1) throw new Error('more bytes than it may read, or bytes that cannot be had');
  to.set(new Uint8Array(window, 0, length));
  return length;
}

/** @throws Error outside of the memory */
function slice(memory: Memory | undefined, pointer: number, length: number): Uint8Array {
  if (memory === undefined) throw new Error('it asks before it has begun');
  if (pointer + length > memory.buffer.byteLength) throw new Error('a place outside of its memory');
  return new Uint8Array(memory.buffer, pointer, length);
}
