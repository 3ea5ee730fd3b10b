/** What may say who signed a file of a plain site, by the names that such things have beside it. */
export interface ProofGroup {
  /** Over the bytes of the file itself, or over what stands in a folder. */
  readonly kind: 'file' | 'folder';
  /** Of the file, as a signature of the folder names it; its last part for a signature of its own. */
  readonly name: string;
  /** Addresses below the site's base, percent-encoded, with their names in the folder; what is not there is left out. */
  readonly proofs: readonly { readonly path: string; readonly name: string }[];
}

const SUFFIXES = ['.sig', '.sigstore.json'];
const LISTS = ['SHA256SUMS', 'SHA256SUMS.txt', 'checksums.txt', 'SHA512SUMS'];
const MODEL = 'model.sig';
/** Folders above a file in which a signature of a whole model is looked for, its own included. */
const MOST_FOLDERS = 3;

/** Where to look, best first. `path`: of the file below the site's base, percent-encoded, beginning with `/`, without query. */
export function proofGroups(path: string): readonly ProofGroup[] {
  const segments = path.split('/').slice(1);
  const names = segments.map(decoded);
  const last = names.at(-1);
  if (last === undefined || last === '' || names.includes(undefined)) return [];
  const own = SUFFIXES.map((suffix) => ({ path: path + suffix, name: last + suffix }));
  const groups: ProofGroup[] = [{ kind: 'file', name: last, proofs: own }];
  for (let up = 1; up <= Math.min(MOST_FOLDERS, segments.length); up += 1) {
    const folder = ['', ...segments.slice(0, -up), ''].join('/');
    const name = names.slice(-up).join('/');
    const at = (one: string): ProofGroup['proofs'][number] => ({ path: folder + one, name: one });
    groups.push({ kind: 'folder', name, proofs: [at(MODEL)] });
    for (const list of LISTS)
      groups.push({ kind: 'folder', name, proofs: [at(list), ...SUFFIXES.map((suffix) => at(list + suffix))] });
  }
  return groups;
}

/** The address of the file that a signature stands beside; undefined of what is none, or of one that is over a folder. */
export function signedPath(path: string): string | undefined {
  const suffix = SUFFIXES.find((one) => path.endsWith(one));
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (suffix === undefined || name === suffix || name === MODEL) return undefined;
  const signed = path.slice(0, -suffix.length);
  return LISTS.includes(name.slice(0, -suffix.length)) ? undefined : signed;
}

/** A name that is one segment; what would be several is none. */
function decoded(segment: string): string | undefined {
  try {
    const name = decodeURIComponent(segment);
    return /[/\\\0]/.test(name) ? undefined : name;
  } catch {
    return undefined;
  }
}
