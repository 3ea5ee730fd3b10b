import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { broken } from '../../signature-fault.js';

/** One file of a model: how the manifest calls it, and where its bytes are. */
export interface ModelFile {
  /** Relative to the model, with `/`. */
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** Of the bytes at `path`, when they were just proven. */
  readonly sha256?: string;
  /** Whether the name is a link; links are followed only within `linkRoot`. */
  readonly isLink: boolean;
}

/**
 * Every file below a folder (or the one file), in no order. Links to files are followed as long as they stay in the folder; those of a Hugging Face cache lead to
 * its blobs, and stay in the repository's folder.
 * @throws SignatureFault proof for links that lead out, and for what is neither file nor folder
 */
export async function listModelFiles(root: string): Promise<readonly ModelFile[]> {
  const found = await stat(root);
  if (found.isFile()) return [{ name: basename(root), path: root, sizeBytes: found.size, isLink: false }];
  const home = await realpath(linkRoot(root));
  const files: ModelFile[] = [];
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = relative(root, path).split(sep).join('/');
    const isLink = entry.isSymbolicLink();
    if (!entry.isFile() && !isLink) throw broken(`${name} is neither a file nor a folder`);
    if (isLink && !`${await realpath(path).catch(() => '')}${sep}`.startsWith(home + sep))
      throw broken(`${name} is a link that leads out of the model`);
    const target = await stat(path);
    if (!target.isFile()) throw broken(`${name} is a link to a folder`);
    files.push({ name, path, sizeBytes: target.size, isLink });
  }
  return files;
}

/** Whether links in the folder are the cache's own way to keep files. */
export function isSnapshot(root: string): boolean {
  return (
    basename(dirname(root)) === 'snapshots' && /^(?:models|datasets|spaces)--/.test(basename(dirname(dirname(root))))
  );
}

function linkRoot(root: string): string {
  return isSnapshot(root) ? dirname(dirname(root)) : root;
}

/** By code point, as the specification orders names; JavaScript alone goes by UTF-16. */
export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Not part of any model (OMS 1.0, 6.2), with all below them. */
export const ALWAYS_IGNORED = ['.git', '.gitattributes', '.github', '.gitignore'];

/** Whether a path is one of these, or below one. */
export function isBelowAny(name: string, paths: readonly string[]): boolean {
  return paths.some((path) => name === path || name.startsWith(`${path}/`));
}
