import type { ManifestFile } from '../../hubs/index.js';
import { parseJson, type SmallContext } from '../../net/index.js';
import { FormatFault, parseGgufHeader } from '../../scan/index.js';
import { failureOf } from '../failure.js';
import { FIT_PROBES } from '../limits.js';
import { countElements, type Attempt } from './count-elements.js';
import { findVariants } from './find-variants.js';
import type { ModelFacts, VariantFacts } from './model-facts.js';
import { readConfig } from './read-config.js';
import { quantisationOf, shapeOfGguf } from './read-gguf.js';
import { rangeReader, type ModelListing, type ReadRange } from './read-range.js';

/**
 * What a repository says of its weights, by the configuration and the first bytes of files: no file of weights is brought. What cannot be read or is
 * not what its format says is told in `failures`. Undefined where there are no weights.
 * @throws SluiceError INTERRUPTED
 */
export async function readModel(
  listing: ModelListing,
  wires: SmallContext,
  signal: AbortSignal,
): Promise<ModelFacts | undefined> {
  const found = findVariants(listing.files);
  if (found.length === 0) return undefined;
  const failures: ModelFacts['failures'][number][] = [];
  const attempt: Attempt = async (path, reading) => {
    try {
      return await reading();
    } catch (thrown) {
      signal.throwIfAborted();
      const { code, message } =
        thrown instanceof FormatFault ? { code: thrown.rule, message: thrown.message } : failureOf(thrown);
      failures.push({ path, code, message });
      return undefined;
    }
  };
  const patience = { patienceMs: FIT_PROBES.patienceMs, maxPausesMs: FIT_PROBES.patienceMs };
  const read = rangeReader(listing, { ...wires, ...patience }, signal);
  const config = listing.files.find(({ path }) => path === 'config.json');
  const told = config && (await attempt(config.path, async () => readConfig(await readJson(config, read))));
  // All GGUF files of a repository are of one model: what it is like stands in each of them.
  const [gguf] = found.filter(({ format }) => format === 'gguf').map(({ files }) => files[0]);
  const header =
    gguf &&
    (await attempt(gguf.path, async () =>
      parseGgufHeader(await read(gguf, 0, Math.min(FIT_PROBES.headBytes, gguf.sizeBytes ?? 0)), gguf.sizeBytes ?? 0),
    ));
  const variants: VariantFacts[] = [];
  for (const variant of found) {
    const { name, format, files, sizeBytes } = variant;
    const isRead = header !== undefined && files[0] === gguf && !/q\d|f16|f32/i.test(name);
    const facts = { name: (isRead ? quantisationOf(header) : undefined) ?? name, format, sizeBytes };
    const counted = format === 'safetensors' ? await countElements(variant, read, attempt) : {};
    variants.push({ ...facts, files: files.length, ...counted });
  }
  return { ...told, shape: { ...(header && shapeOfGguf(header)), ...told?.shape }, variants, failures };
}

async function readJson(file: ManifestFile, read: ReadRange): Promise<unknown> {
  const outcome = parseJson(await read(file, 0, Math.min(FIT_PROBES.configBytes, file.sizeBytes ?? 0)));
  if ('reason' in outcome) throw new FormatFault('JSON', outcome.reason);
  return outcome.value;
}
