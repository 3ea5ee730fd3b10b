import { ModuleFault } from './module-fault.js';

/** Reads the binary format of WebAssembly (core specification 2.0, §5) in order, within bounds. @throws ModuleFault */
export class ModuleReader {
  readonly #bytes: Uint8Array;
  readonly #endByte: number;
  #at: number;

  constructor(bytes: Uint8Array, startByte = 0, endByte = bytes.length) {
    this.#bytes = bytes;
    this.#at = startByte;
    this.#endByte = endByte;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#endByte;
  }

  byte(): number {
    const byte = this.#at < this.#endByte ? this.#bytes[this.#at] : undefined;
    if (byte === undefined) throw new ModuleFault('it ends too early');
    this.#at += 1;
    return byte;
  }

  /** LEB128, 32 bits. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new ModuleFault('a number of more than 32 bits');
  }

  take(length: number): Uint8Array {
    if (length > this.#endByte - this.#at) throw new ModuleFault('it ends too early');
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }

  text(): string {
    const bytes = this.take(this.unsigned());
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      throw new ModuleFault('a name that is not UTF-8');
    }
  }
}

/** LEB128. */
export function encodeUnsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return [...bytes, rest];
}
