import { ModuleFault } from './module-fault.js';
import { encodeUnsigned, ModuleReader } from './module-reader.js';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const MOST_MODULE_BYTES = 16 * 1024 * 1024;
const MOST_TABLE_ENTRIES = 10_000;
const MOST_TABLES = 16;
const [TYPES, IMPORTS, TABLES, MEMORIES, LAST] = [1, 2, 4, 5, 12];
const FUNCTION_TYPE = 0x60;
/** i32, i64, f32, f64, v128, funcref, externref. */
const VALUE_TYPES = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f]);
/** All that a module may ask of its surroundings: no clock, no chance, no files, no network. */
const ALLOWED = new Set(['sluice.read', 'sluice.log']);

/**
 * The same module with its memory and its tables bounded: an engine of its own does not bound them (the limits of a worker do not count them). Looks at all sections
 * before anything is compiled.
 * @param memoryPages most pages of 64 KiB
 * @throws ModuleFault for anything that is not part of the core specification 2.0, and for imports other than `sluice.read` and `sluice.log`
 */
export function boundModule(bytes: Uint8Array, memoryPages: number): Uint8Array {
  if (bytes.length > MOST_MODULE_BYTES) throw new ModuleFault(`more than ${MOST_MODULE_BYTES} bytes`);
  const reader = new ModuleReader(bytes);
  if (!HEADER.every((byte) => reader.byte() === byte)) throw new ModuleFault('not a module of version 1');
  const parts: Uint8Array[] = [Uint8Array.from(HEADER)];
  const seen = new Set<number>();
  while (!reader.isAtEnd) {
    const id = reader.byte();
    const payload = reader.take(reader.unsigned());
    if (id > LAST) throw new ModuleFault(`a section ${id}, which is of an extension`);
    if (id !== 0 && seen.has(id)) throw new ModuleFault(`two sections ${id}`);
    seen.add(id);
    // Names of functions and the like: nothing that runs needs them.
    if (id === 0) continue;
    if (id === TYPES) checkTypes(payload);
    if (id === IMPORTS) checkImports(payload);
    const kept = id === MEMORIES ? boundMemory(payload, memoryPages) : id === TABLES ? boundTables(payload) : payload;
    parts.push(Uint8Array.from([id, ...encodeUnsigned(kept.length)]), kept);
  }
  if (!seen.has(MEMORIES)) throw new ModuleFault('it has no memory');
  return Buffer.concat(parts);
}

/** Of functions only: structures and arrays of the garbage collector are memory that nothing bounds, and that ends the whole process when it runs out. */
function checkTypes(payload: Uint8Array): void {
  const reader = new ModuleReader(payload);
  for (let left = reader.unsigned(); left > 0; left -= 1) {
    if (reader.byte() !== FUNCTION_TYPE) throw new ModuleFault('a type of an extension');
    for (let both = 0; both < 2; both += 1)
      for (let values = reader.unsigned(); values > 0; values -= 1)
        if (!VALUE_TYPES.has(reader.byte())) throw new ModuleFault('a type of an extension');
  }
  mustEnd(reader);
}

function checkImports(payload: Uint8Array): void {
  const reader = new ModuleReader(payload);
  for (let left = reader.unsigned(); left > 0; left -= 1) {
    const name = `${reader.text()}.${reader.text()}`;
    const kind = reader.byte();
    if (!ALLOWED.has(name) || kind !== 0) throw new ModuleFault(`it imports ${name.slice(0, 100)}`);
    reader.unsigned();
  }
  mustEnd(reader);
}

function boundMemory(payload: Uint8Array, mostPages: number): Uint8Array {
  const reader = new ModuleReader(payload);
  if (reader.unsigned() !== 1) throw new ModuleFault('it has more memories than one, or none');
  const limits = boundLimits(reader, mostPages, 'memory');
  mustEnd(reader);
  return Uint8Array.from([1, ...limits]);
}

function boundTables(payload: Uint8Array): Uint8Array {
  const reader = new ModuleReader(payload);
  const count = reader.unsigned();
  if (count > MOST_TABLES) throw new ModuleFault(`${count} tables`);
  const tables: number[] = [];
  for (let left = count; left > 0; left -= 1) {
    const type = reader.byte();
    if (type !== 0x70 && type !== 0x6f) throw new ModuleFault('a table of an extension');
    tables.push(type, ...boundLimits(reader, MOST_TABLE_ENTRIES, 'table'));
  }
  mustEnd(reader);
  return Uint8Array.from([...encodeUnsigned(count), ...tables]);
}

/** Flags other than 0 and 1 are shared memories, and such of 64 bits. */
function boundLimits(reader: ModuleReader, most: number, what: string): number[] {
  const flags = reader.byte();
  if (flags > 1) throw new ModuleFault(`a ${what} that is shared, or of 64 bits`);
  const least = reader.unsigned();
  const own = flags === 1 ? reader.unsigned() : most;
  if (least > most) throw new ModuleFault(`a ${what} of at least ${least}, where ${most} is the most`);
  return [1, ...encodeUnsigned(least), ...encodeUnsigned(Math.min(own, most))];
}

function mustEnd(reader: ModuleReader): void {
  if (!reader.isAtEnd) throw new ModuleFault('a section that goes on after its end');
}
