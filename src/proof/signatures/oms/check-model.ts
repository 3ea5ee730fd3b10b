import { broken } from '../../signature-fault.js';
import { hashModelFile, type HashProgress } from './hash-model.js';
import { ALWAYS_IGNORED, isBelowAny, type ModelFile } from './model-files.js';
import { ONE_FILE, shardOf, type OmsManifest } from './statement.js';

export interface CheckedModel {
  /** SHA-256 of the files, where the manifest names them so. */
  readonly covers: readonly string[];
  readonly checkedFiles: number;
  readonly checkedBytes: number;
  /** Files that are there and that nobody signed: what the signature ignores, and empty files between shards. */
  readonly unverified: readonly string[];
}

export interface ModelCheck {
  readonly files: readonly ModelFile[];
  /** Names of signatures themselves, which sign nothing of their own. */
  readonly signatureNames: readonly string[];
  /** Links are how this folder keeps its files (a cache of Hugging Face). */
  readonly linksAreFiles: boolean;
  /** The model is a file, not a folder that has one. */
  readonly isOneFile?: boolean;
  /** Files that were left out on purpose: they may be signed and not be there. */
  readonly leftOut?: Pick<ReadonlySet<string>, 'has'>;
  /** Paths that may be there unsigned, as the one who verifies says; they are told as what nobody signed. */
  readonly ignorePaths?: readonly string[];
  readonly signal: AbortSignal;
  readonly progress?: HashProgress;
}

/**
 * That the files are those of the manifest: the same names, the same bytes, none more and none less but for what it ignores.
 * @throws SignatureFault proof
 */
export async function checkModel(manifest: OmsManifest, check: ModelCheck): Promise<CheckedModel> {
  const listed = new Map(manifest.resources.map(({ name, digest }) => [name, digest]));
  const listedPaths = new Set(
    manifest.method === 'files' ? listed.keys() : [...listed.keys()].map((name) => shardOf(name).path),
  );
  const unverified: string[] = [];
  const wanted: ModelFile[] = [];
  const ignored = [...manifest.ignorePaths, ...ALWAYS_IGNORED, ...(check.ignorePaths ?? [])];
  const isNameless = check.isOneFile === true && listedPaths.has(ONE_FILE);
  for (const file of isNameless ? check.files.map((one) => ({ ...one, name: ONE_FILE })) : check.files) {
    if (listedPaths.has(file.name)) wanted.push(file);
    else if (check.signatureNames.includes(file.name)) continue;
    else if (isBelowAny(file.name, ignored)) unverified.push(file.name);
    else if (manifest.method === 'shards' && file.sizeBytes === 0) unverified.push(file.name);
    else throw broken(`${file.name} is there and was not signed`);
  }
  const present = new Set(wanted.map(({ name }) => name));
  const mayLack = (path: string): boolean => check.leftOut?.has(path) === true && !present.has(path);
  for (const path of listedPaths)
    if (!present.has(path) && !mayLack(path)) throw broken(`${path} was signed and is not there`);
  let checkedBytes = 0;
  for (const file of wanted) {
    if (file.isLink && !check.linksAreFiles && !manifest.allowsSymlinks)
      throw broken(`${file.name} is a link, and links were not signed`);
    for (const { name, digest } of await hashModelFile(file, manifest, check.signal, check.progress)) {
      if (listed.get(name) === undefined) throw broken(`${name} was not signed`);
      if (listed.get(name) !== digest) throw broken(`${name} has other bytes than were signed`);
      listed.delete(name);
    }
    checkedBytes += file.sizeBytes;
  }
  const [left] = [...listed.keys()].filter((name) => !mayLack(manifest.method === 'files' ? name : shardOf(name).path));
  if (left !== undefined) throw broken(`${left} was signed and is not there`);
  const covers =
    manifest.method === 'files' && manifest.hash === 'sha256' ? manifest.resources.map(({ digest }) => digest) : [];
  return { covers, checkedFiles: wanted.length, checkedBytes, unverified: unverified.sort() };
}
