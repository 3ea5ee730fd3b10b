import { SluiceError, nearest, parseBytes, parseDuration } from '../../base/index.js';

export type Table = Readonly<Record<string, unknown>>;

/** Reads fields of one table of a policy, and complains by their full names. */
export class Fields {
  readonly #table: Table;
  readonly #path: string;
  readonly #where: string;

  /** `path`: the table's own name with a dot at its end. `where`: the file. Keys that are not `known` are refused: a mistyped rule would let everything in. */
  constructor(table: Table, path: string, where: string, known: readonly string[]) {
    this.#table = table;
    this.#path = path;
    this.#where = where;
    for (const key of Object.keys(table)) {
      if (known.includes(key)) continue;
      const near = nearest(key, known);
      throw this.wrong(key, `there is no such field${near === undefined ? '' : `; did you mean ${near}?`}`);
    }
  }

  wrong(key: string, reason: string): SluiceError {
    return new SluiceError('BAD_SETTING', { key: this.#path + key, where: this.#where, reason });
  }

  has(key: string): boolean {
    return this.#table[key] !== undefined;
  }

  table(key: string, known: readonly string[]): Fields {
    const value = this.#table[key] ?? {};
    if (!isTable(value)) throw this.wrong(key, `write [${this.#path}${key}]`);
    return new Fields(value, `${this.#path}${key}.`, this.#where, known);
  }

  tables(key: string, known: readonly string[]): readonly Fields[] {
    const value = this.#table[key] ?? [];
    if (!Array.isArray(value) || !value.every(isTable)) throw this.wrong(key, `write [[${this.#path}${key}]]`);
    return value.map((each, index) => new Fields(each, `${this.#path}${key}[${index}].`, this.#where, known));
  }

  text(key: string): string | undefined {
    const value = this.#table[key];
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || value.trim() === '') throw this.wrong(key, 'write a text');
    return value;
  }

  required(key: string): string {
    const value = this.text(key);
    if (value === undefined) throw this.wrong(key, 'it is missing');
    return value;
  }

  texts(key: string): readonly string[] | undefined {
    const value = this.#table[key];
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every((each) => typeof each === 'string' && each !== ''))
      throw this.wrong(key, 'write a list of texts, such as ["safetensors", "gguf"]');
    return value as readonly string[];
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.#table[key] ?? fallback;
    if (typeof value !== 'boolean') throw this.wrong(key, 'write true or false');
    return value;
  }

  oneOf<const T extends string>(key: string, values: readonly T[], fallback: T): T {
    const value = this.#table[key] ?? fallback;
    const found = values.find((each) => each === value);
    if (found === undefined) throw this.wrong(key, `write one of ${values.join(', ')}`);
    return found;
  }

  bytes(key: string): number | undefined {
    const value = this.text(key);
    const bytes = value === undefined ? undefined : parseBytes(value);
    if (value !== undefined && bytes === undefined) throw this.wrong(key, 'write a size, such as "50GB"');
    return bytes;
  }

  duration(key: string, fallback: number): number {
    const value = this.text(key);
    const ms = value === undefined ? fallback : parseDuration(value);
    if (ms === undefined || ms < 0) throw this.wrong(key, 'write a time, such as "30s", "12h" or "3d"');
    return ms;
  }

  count(key: string, least: number, most: number, fallback: number): number {
    const value = this.#table[key] ?? fallback;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      throw this.wrong(key, `write a number from ${least} to ${most}`);
    return value;
  }

  /** A day or a moment of TOML, or a text that says one; a day ends when it is over in UTC. */
  moment(key: string): number {
    const value = this.#table[key];
    const text = value instanceof Date ? value.toISOString() : value;
    if (typeof text !== 'string') throw this.wrong(key, 'write a day, such as 2027-03-31');
    const day = /^(\d{4}-\d{2}-\d{2})(?:T00:00:00(?:\.0+)?Z?)?$/.exec(text)?.[1];
    const ms = Date.parse(day === undefined ? text : `${day}T23:59:59.999Z`);
    if (Number.isNaN(ms) || !/^\d{4}-\d{2}-\d{2}/.test(text)) throw this.wrong(key, 'write a day, such as 2027-03-31');
    return ms;
  }
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
