/** Values of labels by name. */
export type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly lines: () => Iterable<string>;
}

/** A value that only grows. */
export interface Counter {
  add(labels: Labels, amount?: number): void;
}

/** How often values fell below each of some bounds. */
export interface Histogram {
  observe(labels: Labels, value: number): void;
}

/** Series of one family at most: a label that clients could choose must never be one, but a mistake must not fill the memory either. */
const MOST_SERIES = 2000;

/** Metrics in the text format of Prometheus (version 0.0.4). */
export class Registry {
  readonly #families: Family[] = [];

  counter(name: string, help: string): Counter {
    const values = new Map<string, number>();
    this.#families.push({ name, help, type: 'counter', lines: () => seriesLines(name, values) });
    return {
      add: (labels, amount = 1) => {
        const key = formatLabels(labels);
        if (values.has(key) || values.size < MOST_SERIES) values.set(key, (values.get(key) ?? 0) + amount);
      },
    };
  }

  /** `read` is asked when somebody scrapes. */
  gauge(name: string, help: string, read: () => number | Iterable<readonly [Labels, number]>): void {
    const values = (): Map<string, number> => {
      const read_ = read();
      const pairs = typeof read_ === 'number' ? [[{}, read_] as const] : [...read_];
      return new Map(pairs.slice(0, MOST_SERIES).map(([labels, value]) => [formatLabels(labels), value]));
    };
    this.#families.push({ name, help, type: 'gauge', lines: () => seriesLines(name, values()) });
  }

  /** `bounds` ascending; values above the last are counted too. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const series = new Map<string, { readonly labels: Labels; readonly below: number[]; sum: number }>();
    this.#families.push({
      name,
      help,
      type: 'histogram',
      lines: function* () {
        for (const { labels, below, sum } of series.values()) {
          let count = 0;
          for (const [index, bound] of [...bounds, Infinity].entries()) {
            count += below[index] ?? 0;
            const le = bound === Infinity ? '+Inf' : String(bound);
            yield `${name}_bucket${formatLabels({ ...labels, le })} ${count}`;
          }
          yield `${name}_sum${formatLabels(labels)} ${sum}`;
          yield `${name}_count${formatLabels(labels)} ${count}`;
        }
      },
    });
    return {
      observe: (labels, value) => {
        const key = formatLabels(labels);
        const known = series.get(key) ?? { labels, below: [...bounds, Infinity].map(() => 0), sum: 0 };
        if (!series.has(key) && series.size >= MOST_SERIES) return;
        series.set(key, known);
        const found = bounds.findIndex((bound) => value <= bound);
        const index = found < 0 ? bounds.length : found;
        known.below[index] = (known.below[index] ?? 0) + 1;
        known.sum += value;
      },
    };
  }

  /** Names of all families, as alert rules and dashboards use them. */
  get names(): readonly string[] {
    return this.#families.map(({ name }) => name);
  }

  text(): string {
    const parts = this.#families.map(({ name, help, type, lines }) =>
      [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines()].join('\n'),
    );
    return `${parts.join('\n')}\n`;
  }
}

function seriesLines(name: string, values: ReadonlyMap<string, number>): string[] {
  return [...values].map(([labels, value]) => `${name}${labels} ${value}`);
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escape(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
