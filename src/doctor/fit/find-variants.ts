import type { ManifestFile } from '../../hubs/index.js';
import type { WeightFormat } from './model-facts.js';

/** Files of weights that are loaded together. */
export interface Variant {
  readonly name: string;
  readonly format: WeightFormat;
  /** In the order of their paths. */
  readonly files: readonly ManifestFile[];
  readonly sizeBytes: number;
}

/** Weights that are no model by themselves: adapters to other inputs, states of a training. */
const NOT_ALONE = /^(?:mmproj|optimizer|scheduler|training_args|rng_state|scaler|consolidated|tokenizer)[.\-_]?/i;
const PART = /[-_.]\d{5}-of-\d{5}$/i;
/** As llama.cpp names its quantisations, at the end of the names of files. */
const QUANTISATION = /[-_.]((?:UD[-_])?(?:I?Q\d(?:_[A-Z0-9]+)*|TQ\d_\d|MXFP4(?:_MOE)?|BF16|F16|F32|FP16))$/i;

/**
 * How a listing holds its weights: each GGUF by itself, safetensors as the model that loaders take, PyTorch's own files only where there are no
 * others. A pipeline (`model_index.json`) is one variant of all its parts.
 */
export function findVariants(files: readonly ManifestFile[]): readonly Variant[] {
  const weights = (pattern: RegExp): readonly ManifestFile[] =>
    files.filter(({ path }) => pattern.test(path) && !NOT_ALONE.test(baseName(path)));
  const found = [...loaded('safetensors', weights(/\.safetensors$/i), files), ...each('gguf', weights(/\.gguf$/i))];
  return found.length > 0 ? found : loaded('pytorch', weights(/\.(?:bin|pt|pth)$/i), files);
}

/** Every group of parts is a variant; the smallest last. */
function each(format: WeightFormat, files: readonly ManifestFile[]): readonly Variant[] {
  return [...groups(files).entries()]
    .map(([stem, parts]) =>
      variant(QUANTISATION.exec(baseName(stem))?.[1]?.toUpperCase() ?? baseName(stem), format, parts),
    )
    .sort((one, other) => other.sizeBytes - one.sizeBytes);
}

/** What a loader takes: in each folder `model` (or what diffusers calls it) before others, `fp16` and the like only where nothing else is. */
function loaded(
  format: WeightFormat,
  weights: readonly ManifestFile[],
  all: readonly ManifestFile[],
): readonly Variant[] {
  const isPipeline = all.some(({ path }) => path === 'model_index.json');
  const chosen = [...byFolder(weights)].map(([folder, files]) => ({ folder, ...best(files) }));
  if (chosen.length === 0) return [];
  if (isPipeline) {
    const parts = chosen.filter(({ folder }) => folder !== '');
    const files = (parts.length > 0 ? parts : chosen).flatMap((part) => part.files);
    return [variant('pipeline', format, files)];
  }
  const [top] = [...chosen].sort((one, other) => depth(one.folder) - depth(other.folder));
  return top === undefined ? [] : [variant(baseName(top.stem), format, top.files)];
}

function byFolder(files: readonly ManifestFile[]): ReadonlyMap<string, readonly ManifestFile[]> {
  const folders = new Map<string, ManifestFile[]>();
  for (const file of files) {
    const folder = file.path.slice(0, Math.max(0, file.path.lastIndexOf('/')));
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return folders;
}

function best(files: readonly ManifestFile[]): { readonly stem: string; readonly files: readonly ManifestFile[] } {
  const [first] = [...groups(files).entries()]
    .map(([stem, parts]) => ({ stem, files: parts, sizeBytes: sizeOf(parts) }))
    .sort((one, other) => rank(one.stem) - rank(other.stem) || other.sizeBytes - one.sizeBytes);
  return first ?? { stem: '', files: [] };
}

/** The names that transformers (`utils/__init__.py`) and diffusers (`utils/constants.py`) look for. */
function rank(stem: string): number {
  const names = ['model', 'diffusion_pytorch_model', 'pytorch_model'];
  return names.includes(baseName(stem)) ? 0 : 1;
}

function groups(files: readonly ManifestFile[]): ReadonlyMap<string, readonly ManifestFile[]> {
  const found = new Map<string, ManifestFile[]>();
  for (const file of files) {
    const stem = file.path.replace(/\.[^./]+$/, '').replace(PART, '');
    found.set(stem, [...(found.get(stem) ?? []), file]);
  }
  return found;
}

function variant(name: string, format: WeightFormat, files: readonly ManifestFile[]): Variant {
  return { name, format, files, sizeBytes: sizeOf(files) };
}

function sizeOf(files: readonly ManifestFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function depth(folder: string): number {
  return folder === '' ? 0 : folder.split('/').length;
}
