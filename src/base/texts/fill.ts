/**
 * Puts values into `{name}` places. A part in `[...]` is left out when a value it names is missing,
 * so that one text serves with and without its details.
 */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template
    .replace(/\[([^\]]*)\]/g, (_, part: string) =>
      [...part.matchAll(/\{(\w+)\}/g)].every(([, name]) => name !== undefined && name in values) ? part : '',
    )
    .replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}
