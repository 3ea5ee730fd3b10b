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

function descriptors(bytes: Buffer): readonly unknown[] {
  try {
    const manifest = JSON.parse(bytes.toString()) as Record<string, unknown> | null;
    if (typeof manifest !== 'object' || manifest === null) return [];
    const { config, layers, manifests } = manifest;
    return [config, ...listOf(layers), ...listOf(manifests)];
  } catch {
    return [];
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
