/** What the head of a model card declares of its licence and its origin. */
export interface Card {
  /** As written: a name of the hub's list, or an SPDX expression. */
  readonly licence: string | undefined;
  /** Of `license: other`. */
  readonly licenceName: string | undefined;
  readonly baseModels: readonly string[];
}

const EMPTY: Card = { licence: undefined, licenceName: undefined, baseModels: [] };
const MOST_LINES = 2000;
const MOST_BASES = 100;

/**
 * Reads `license`, `license_name` and `base_model` from the YAML between the first two `---` of a README: plain and quoted scalars and lists of them, which is all that
 * hubs write there. What is written in another way counts as not declared.
 */
export function parseFrontMatter(text: string): Card {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/, MOST_LINES);
  const end = lines.indexOf('---', 1);
  if (lines[0]?.trimEnd() !== '---' || end < 0) return EMPTY;
  const values = new Map<string, readonly string[]>();
  const head = lines.slice(1, end);
  head.forEach((line, index) => {
    const [, key, rest = ''] = /^([A-Za-z_][\w-]*)\s*:(?:\s+(.*))?$/.exec(line) ?? [];
    if (key === undefined) return;
    // The last one counts for most readers of YAML, the first one for others: two of them declare nothing.
    values.set(key, values.has(key) ? [] : rest.trim() === '' ? itemsBelow(head, index + 1) : valuesOf(rest));
  });
  const only = (key: string): string | undefined => {
    const found = values.get(key) ?? [];
    return found.length === 0 ? undefined : found.join(' AND ');
  };
  return {
    licence: only('license') ?? only('licence'),
    licenceName: only('license_name'),
    baseModels: (values.get('base_model') ?? []).slice(0, MOST_BASES),
  };
}

function itemsBelow(lines: readonly string[], from: number): readonly string[] {
  const items: string[] = [];
  for (const line of lines.slice(from)) {
    const [, item] = /^\s*-\s+(.+)$/.exec(line) ?? [];
    if (item === undefined) break;
    items.push(...valuesOf(item));
  }
  return items;
}

function valuesOf(text: string): readonly string[] {
  const plain = text.trim();
  const [, list] = /^\[(.*)\]\s*(?:#.*)?$/.exec(plain) ?? [];
  return (list === undefined ? [plain] : list.split(',')).map(scalar).filter((each) => each !== '');
}

function scalar(text: string): string {
  const [, , quoted] = /^\s*(["'])(.*?)\1\s*(?:#.*)?$/.exec(text) ?? [];
  return (quoted ?? text.replace(/\s#.*$/, '')).trim().slice(0, 200);
}
