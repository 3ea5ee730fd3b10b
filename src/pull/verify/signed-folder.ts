import { readFile } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { toSluiceError, type Digests } from '../../base/index.js';
import {
  blobCandidate,
  createModelCheck,
  detachedCandidate,
  digestFile,
  isBlobBundle,
  listModelFiles,
  omsCandidate,
  SignatureFault,
  type Candidate,
  type CheckedContent,
  type ModelFile,
} from '../../proof/index.js';
import { parseChecksums } from '../../hubs/index.js';
import { checkFile } from './check-file.js';
import { isChecksumList, SIGNATURE_NAME, signedName, SUFFIXES } from './signature-names.js';

/** What is to be proven by signatures: a folder, one file, or the files that the store holds of a ref. */
export interface SignedFolder {
  /** The folder or file itself. */
  readonly root: string;
  /** The folder, or the one that the file is in. */
  readonly folder: string;
  readonly isFile: boolean;
  /** The files where the store has them. */
  readonly held: readonly ModelFile[] | undefined;
  readonly scope: string | undefined;
  /** Files that belong to it and were left out on purpose: a signature may name them. */
  readonly leftOut?: Pick<ReadonlySet<string>, 'has'>;
  /** Paths that may be there unsigned. */
  readonly ignored?: readonly string[];
}

export interface FoundSignature {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Signatures that were named by their paths. @throws SluiceError */
export async function readSignatures(paths: readonly string[]): Promise<readonly FoundSignature[]> {
  return Promise.all(
    paths.map(async (path) => {
      try {
        return { path, bytes: await readFile(path) };
      } catch (thrown) {
        throw toSluiceError(thrown, { path });
      }
    }),
  );
}

const NONE: ReadonlySet<string> = new Set();

/** The signatures of a folder: those that were named, else `model.sig`, signed lists of checksums, and for a file what stands beside it as `.sig`. */
export async function folderCandidates(
  folder: SignedFolder,
  named: readonly FoundSignature[],
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  const files = folder.held ?? (await listModelFiles(folder.root));
  const signatures = named.length > 0 ? named : await besides(folder, files);
  const nameOf = (path: string): string => relative(folder.folder, resolve(path)).split(sep).join('/');
  const signatureNames =
    folder.held === undefined || named.length === 0 ? signatures.map(({ path }) => nameOf(path)) : [];
  return signatures.map(({ path, bytes }) => {
    const isJson = bytes.subarray(0, 64).toString('latin1').trimStart().startsWith('{');
    if (isJson && !isBlobBundle(bytes))
      return omsCandidate(path, bytes, {
        ...createModelCheck(folder.root, files, signatureNames, signal),
        leftOut: folder.leftOut ?? NONE,
        ignorePaths: folder.ignored ?? [],
      });
    const signed = signedBy(path, folder, files);
    const check = async (): Promise<CheckedContent> =>
      folder.isFile ? oneFile(signed.path, signal) : listedFiles(signed, folder, files, signatureNames, signal);
    return isJson
      ? blobCandidate(path, bytes, signed.path, async (sha256) => {
          await assertDigest(signed.path, sha256, signal);
          return check();
        })
      : detachedCandidate(path, bytes, signed.path, check);
  });
}

async function besides(folder: SignedFolder, files: readonly ModelFile[]): Promise<readonly FoundSignature[]> {
  if (folder.isFile) {
    const found: FoundSignature[] = [];
    for (const path of SUFFIXES.map((suffix) => folder.root + suffix)) {
      const bytes = await readFile(path).catch(() => undefined);
      if (bytes !== undefined) found.push({ path, bytes });
    }
    return found;
  }
  const isSignature = ({ name }: ModelFile): boolean =>
    name === SIGNATURE_NAME || (signedName(name) !== name && isChecksumList(signedName(name)));
  return Promise.all(
    files
      .filter(isSignature)
      .map(async ({ name, path }) => ({ path: join(folder.root, name), bytes: await readFile(path) })),
  );
}

async function assertDigest(path: string, wanted: string, signal: AbortSignal): Promise<void> {
  const { sha256 } = await digestFile(path, ['sha256'], signal);
  if (sha256 !== wanted) throw new SignatureFault('proof', `${basename(path)} has other bytes than were signed`);
}

/** What a detached signature is of: the file itself, or the list that it is named after. */
function signedBy(path: string, folder: SignedFolder, files: readonly ModelFile[]): ModelFile {
  const name = signedName(basename(path));
  const listed = folder.isFile ? files[0] : files.find((file) => file.name === name && isChecksumList(name));
  if (listed !== undefined) return listed;
  throw new SignatureFault('proof', `${path} is the signature of no list of checksums in ${folder.root}`);
}

async function oneFile(path: string, signal: AbortSignal): Promise<CheckedContent> {
  const { sha256 = '' } = await digestFile(path, ['sha256'], signal);
  return { covers: [sha256], unverified: [] };
}

/** Every file of a signed list is there with its bytes; others are told. */
async function listedFiles(
  list: ModelFile,
  { leftOut = NONE }: SignedFolder,
  files: readonly ModelFile[],
  signatureNames: readonly string[],
  signal: AbortSignal,
): Promise<CheckedContent> {
  const byName = new Map(files.map((file) => [file.name, file]));
  const covers: string[] = [];
  const listed = new Set<string>([list.name, ...signatureNames]);
  for (const { path = '', digests } of parseChecksums(await readFile(list.path, 'utf8'), list.name)) {
    signal.throwIfAborted();
    const file = byName.get(path);
    if (file === undefined && leftOut.has(path)) continue;
    if (file === undefined) throw new SignatureFault('proof', `${path} was signed and is not there`);
    if (!isStrong(digests)) throw new SignatureFault('trust', `${path} is listed without SHA-256 or SHA-512`);
    if (!(await isRight(file, digests, signal)))
      throw new SignatureFault('proof', `${path} has other bytes than were signed`);
    listed.add(path);
    if (digests.sha256 !== undefined) covers.push(digests.sha256);
  }
  return {
    covers,
    unverified: files
      .map(({ name }) => name)
      .filter((name) => !listed.has(name))
      .sort(),
  };
}

/** What was just proven is not hashed again. */
async function isRight({ name, path, sha256 }: ModelFile, digests: Digests, signal: AbortSignal): Promise<boolean> {
  if (sha256 !== undefined && digests.sha256 !== undefined) return sha256 === digests.sha256;
  const verdict = await checkFile(path, digests, undefined, signal);
  if (verdict.state === 'problem' && verdict.problem.kind === 'missing')
    throw new SignatureFault('trust', `${name} is not here to be compared`);
  return verdict.state === 'right';
}

function isStrong({ sha256, sha512 }: Digests): boolean {
  return sha256 !== undefined || sha512 !== undefined;
}
