/** An object with these fields and no others, those of `optional` perhaps; undefined for anything else. */
export function exactFields(
  value: unknown,
  required: readonly string[],
  optional: readonly string[] = [],
): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const record = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(record);
  if (!required.every((name) => Object.hasOwn(record, name))) return undefined;
  return names.every((name) => required.includes(name) || optional.includes(name)) ? record : undefined;
}

/** The bytes that canonical base64 (RFC 4648 §4, padded) stands for; undefined for any other text, and for another length. */
export function exactBase64(value: unknown, least: number, most = least): Buffer | undefined {
  if (typeof value !== 'string' || value.length > Math.ceil(most / 3) * 4) return undefined;
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length < least || bytes.length > most || bytes.toString('base64') !== value) return undefined;
  return bytes;
}
