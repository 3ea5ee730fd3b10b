export interface ContentRange {
  readonly startByte: number;
  readonly endByte: number;
  /** Undefined when the server does not tell (`*`). */
  readonly totalBytes: number | undefined;
}

/** Reads `bytes 0-99/1000` (RFC 9110 §14.4); undefined for anything else. */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/i.exec((value ?? '').trim());
  if (match === null) return undefined;
  const startByte = Number(match[1]);
  const endByte = Number(match[2]) + 1;
  const totalBytes = match[3] === '*' ? undefined : Number(match[3]);
  if (endByte <= startByte || (totalBytes !== undefined && endByte > totalBytes)) return undefined;
  return { startByte, endByte, totalBytes };
}

/** The size of the whole that a 416 tells (`bytes *` `/1000`). */
export function parseUnsatisfied(value: string | undefined): number | undefined {
  const match = /^bytes \*\/(\d{1,16})$/i.exec((value ?? '').trim());
  return match === null ? undefined : Number(match[1]);
}
