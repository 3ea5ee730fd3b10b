import type { ManifestFile } from '../../hubs/index.js';
import {
  FormatFault,
  SAFETENSORS_LENGTH_BYTES,
  parseSafetensorsHeader,
  safetensorsHeaderBytes,
} from '../../scan/index.js';
import { FIT_PROBES } from '../limits.js';
import type { Variant } from './find-variants.js';
import type { VariantFacts } from './model-facts.js';
import type { ReadRange } from './read-range.js';

/** Gives undefined, and remembers why, where a file cannot be read. */
export type Attempt = <T>(path: string, reading: () => Promise<T>) => Promise<T | undefined>;

/** Elements by type, from the headers of safetensors; of more shards than are read, by what the others have for their bytes. */
export async function countElements(
  { files, sizeBytes }: Variant,
  read: ReadRange,
  attempt: Attempt,
): Promise<Pick<VariantFacts, 'types' | 'isEstimated'>> {
  const types: Record<string, number> = {};
  let [knownFiles, knownBytes] = [0, 0];
  await Promise.all(
    spread(files, FIT_PROBES.shards).map(async (file) => {
      const found = await attempt(file.path, () => elementsOf(file, read));
      if (found === undefined) return;
      knownFiles += 1;
      knownBytes += file.sizeBytes ?? 0;
      for (const [type, elements] of found) types[type] = (types[type] ?? 0) + elements;
    }),
  );
  if (knownBytes === 0) return {};
  if (knownFiles === files.length) return { types };
  const scaled = Object.entries(types).map(([type, elements]) => [
    type,
    Math.round((elements * sizeBytes) / knownBytes),
  ]);
  return { types: Object.fromEntries(scaled) as Record<string, number>, isEstimated: true };
}

async function elementsOf(file: ManifestFile, read: ReadRange): Promise<ReadonlyMap<string, number>> {
  const fileBytes = file.sizeBytes ?? 0;
  const head = await read(file, 0, Math.min(FIT_PROBES.headBytes, fileBytes));
  const headerBytes = safetensorsHeaderBytes(head, fileBytes);
  if (headerBytes > FIT_PROBES.headerBytes) throw new FormatFault('ST-LENGTH', `a header of ${headerBytes} bytes`);
  const end = SAFETENSORS_LENGTH_BYTES + headerBytes;
  const rest = await read(file, head.length, end - head.length);
  const json = Buffer.concat([head, rest]).subarray(SAFETENSORS_LENGTH_BYTES, end);
  const types = new Map<string, number>();
  for (const { dtype, elements } of parseSafetensorsHeader(json, fileBytes - end).tensors)
    types.set(dtype, (types.get(dtype) ?? 0) + elements);
  return types;
}

/** So many of them, at equal distances, the first among them. */
function spread<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  return all.filter(
    (_, index) => Math.floor((index * most) / all.length) !== Math.floor(((index - 1) * most) / all.length),
  );
}
