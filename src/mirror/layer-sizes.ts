/** Digests (SHA-256, hexadecimal) and lengths of everything that an image manifest or index names. Nothing where it makes no sense. */
export function layerSizes(bytes: Buffer): readonly (readonly [sha256: string, sizeBytes: number])[] {
  const found: (readonly [string, number])[] = [];
  for (const value of descriptors(bytes)) {
    if (typeof value !== 'object' || value === null) continue;
    const { digest, size } = value as { digest?: unknown; size?: unknown };
    const sha256 = typeof digest === 'string' ? /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1] : undefined;
    if (sha256 !== undefined && typeof size === 'number' && Number.isSafeInteger(size) && size >= 0)
      found.push([sha256, size]);
  }
  return found;
}

/** SHA-256 of the manifest that one refers to; undefined where it refers to none. */
export function subjectOf(bytes: Buffer): string | undefined {
  const { subject } = objectIn(bytes);
  const { digest } = (typeof subject === 'object' ? (subject ?? {}) : {}) as { digest?: unknown };
  return typeof digest === 'string' ? /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1] : undefined;
}

function descriptors(bytes: Buffer): readonly unknown[] {
  const { config, layers, manifests } = objectIn(bytes);
  return [config, ...listOf(layers), ...listOf(manifests)];
}

function objectIn(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
