import { SluiceError } from '../../base/index.js';

/** A table of the policy, read field by field; whatever is left over at the end was not meant for us, and is refused. */
export class PolicyTable {
  readonly #left: Set<string>;

  constructor(
    private readonly values: Readonly<Record<string, unknown>>,
    private readonly place: string,
    private readonly document: string,
  ) {
    this.#left = new Set(Object.keys(values));
  }

  text(name: string): string {
    const value = this.#take(name);
    if (typeof value !== 'string' || value.trim() === '') throw this.fault(name, 'must be text');
    return value;
  }

  optionalText(name: string): string | undefined {
    return name in this.values ? this.text(name) : undefined;
  }

  texts(name: string): readonly string[] {
    const value = this.#take(name) ?? [];
    if (!Array.isArray(value) || !value.every((one) => typeof one === 'string' && one !== ''))
      throw this.fault(name, 'must be a list of texts');
    return value as readonly string[];
  }

  oneOf<const T extends string>(name: string, allowed: readonly T[], fallback?: T): T {
    const value = this.#take(name) ?? fallback;
    const found = allowed.find((one) => one === value);
    if (found === undefined) throw this.fault(name, `must be one of ${allowed.join(', ')}`);
    return found;
  }

  count(name: string, fallback: number): number {
    const value = this.#take(name) ?? fallback;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1)
      throw this.fault(name, 'must be 1 or more');
    return value;
  }

  tables(name: string): readonly PolicyTable[] {
    const value = this.#take(name) ?? [];
    if (!Array.isArray(value)) throw this.fault(name, `must be written [[${name}]]`);
    return value.map((one: unknown, index) => {
      if (typeof one !== 'object' || one === null || Array.isArray(one))
        throw this.fault(name, `must be written [[${name}]]`);
      const place = `${this.#path(name)}[${index}]`;
      return new PolicyTable(one as Readonly<Record<string, unknown>>, place, this.document);
    });
  }

  /** @throws SluiceError BAD_TRUST_POLICY when there are fields that nobody asked for */
  end(): void {
    const [name] = this.#left;
    if (name !== undefined) throw this.fault(name, 'is not a field of this table');
  }

  has(name: string): boolean {
    return name in this.values;
  }

  fault(name: string, reason: string): SluiceError {
    return new SluiceError('BAD_TRUST_POLICY', { path: this.document, field: this.#path(name), reason });
  }

  #take(name: string): unknown {
    this.#left.delete(name);
    return this.values[name];
  }

  #path(name: string): string {
    return this.place === '' ? name : `${this.place}.${name}`;
  }
}
