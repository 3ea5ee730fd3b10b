import { createHash } from 'node:crypto';
import { unsafeReason } from '../../../base/index.js';
import { broken, untrusted } from '../../signature-fault.js';
import { asObject, has, listIn, objectIn, parseObject, textIn, type JsonObject } from '../fields.js';

export const OMS_PREDICATE = 'https://model_signing/signature/v1.0';
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';

/** How the reference implementation calls the only file of a model that is no folder; the specification has its name (OMS 1.0, 6.3). */
export const ONE_FILE = '.';

/** Hashes that OMS knows. BLAKE3 is read but cannot be computed here. */
export type OmsHash = 'sha256' | 'blake2b' | 'blake3';

export interface OmsResource {
  /** A path, relative, with `/`; with the method `shards` it is followed by `:start:end`. */
  readonly name: string;
  /** Hexadecimal. */
  readonly digest: string;
}

/** What an OMS signature says a model is. */
export interface OmsManifest {
  readonly modelName: string;
  /** SHA-256 over the digests, in the order they are listed. */
  readonly rootDigest: string;
  readonly resources: readonly OmsResource[];
  readonly method: 'files' | 'shards';
  readonly hash: OmsHash;
  readonly shardBytes: number;
  readonly allowsSymlinks: boolean;
  readonly ignorePaths: readonly string[];
}

const HASHES: Readonly<Record<string, OmsHash>> = { sha256: 'sha256', blake2b: 'blake2b', blake3: 'blake3' };
const DIGEST_CHARACTERS: Readonly<Record<OmsHash, number>> = { sha256: 64, blake2b: 128, blake3: 64 };
const MOST_RESOURCES = 1_000_000;

/**
 * Reads a payload whose signature was verified before (OMS 1.0). Everything that readers could take differently is refused: names twice, or that differ in case only, paths that
 * lead out, empty manifests, a root that is not of the list.
 * @throws SignatureFault proof
 */
export function parseStatement(payload: Buffer): OmsManifest {
  const statement = parseObject(payload, 'the statement');
  if (textIn(statement, '_type') !== STATEMENT_TYPE) throw broken('not an in-toto statement');
  const predicateType = textIn(statement, 'predicateType');
  if (predicateType !== OMS_PREDICATE) throw broken(`a statement of the type ${predicateType}`);
  const subjects = listIn(statement, 'subject');
  if (subjects.length !== 1) throw broken(`${subjects.length} subjects where one belongs`);
  const subject = asObject(subjects[0], 'subject');
  const predicate = objectIn(statement, 'predicate');
  const serialization = objectIn(predicate, 'serialization');
  const method = textIn(serialization, 'method');
  if (method !== 'files' && method !== 'shards') throw broken(`the method ${method}`);
  const hash = HASHES[textIn(serialization, 'hash_type')];
  if (hash === undefined) throw broken(`the hash ${textIn(serialization, 'hash_type')}`);
  const shardBytes = method === 'shards' ? shardBytesIn(serialization) : 0;
  const resources = resourcesIn(predicate, algorithmNames(hash, method, shardBytes), hash);
  const rootDigest = textIn(objectIn(subject, 'digest'), 'sha256');
  if (rootDigest !== rootOf(resources)) throw broken('the root digest is not that of the list');
  checkNames(resources, method);
  return {
    modelName: has(subject, 'name') ? textIn(subject, 'name') : '',
    ...{ rootDigest, resources, method, hash, shardBytes },
    allowsSymlinks: serialization.get('allow_symlinks') === true,
    ignorePaths: has(serialization, 'ignore_paths') ? listIn(serialization, 'ignore_paths').map(ignorePath) : [],
  };
}

function resourcesIn(predicate: JsonObject, algorithms: readonly string[], hash: OmsHash): readonly OmsResource[] {
  const list = listIn(predicate, 'resources');
  if (list.length === 0) throw broken('a model without files');
  if (list.length > MOST_RESOURCES) throw broken(`more than ${MOST_RESOURCES} files`);
  return list.map((value) => {
    const resource = asObject(value, 'a resource');
    const [name, digest] = [textIn(resource, 'name'), textIn(resource, 'digest')];
    if (!algorithms.includes(textIn(resource, 'algorithm'))) throw broken(`${name}: another algorithm than the rest`);
    if (digest.length !== DIGEST_CHARACTERS[hash] || !/^[0-9a-f]+$/.test(digest)) throw broken(`${name}: no digest`);
    return { name, digest };
  });
}

/** The reference names shards' hashes with their size, and sizes as Python prints them. */
function algorithmNames(hash: OmsHash, method: 'files' | 'shards', shardBytes: number): readonly string[] {
  return method === 'files' ? [hash] : [hash, `${hash}-sharded-${shardBytes}`];
}

function shardBytesIn(serialization: JsonObject): number {
  const size = serialization.get('shard_size');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1) throw broken('shards without a size');
  return size;
}

/** SHA-256 of the digests one after the other. */
export function rootOf(resources: readonly OmsResource[]): string {
  const root = createHash('sha256');
  for (const { digest } of resources) root.update(Buffer.from(digest, 'hex'));
  return root.digest('hex');
}

function checkNames(resources: readonly OmsResource[], method: 'files' | 'shards'): void {
  const names = new Set<string>();
  for (const { name } of resources) {
    if (names.has(name)) throw broken(`${name} is listed twice`);
    names.add(name);
  }
  const paths = new Set(resources.map(({ name }) => (method === 'files' ? name : shardOf(name).path)));
  const folded = new Map<string, string>();
  if (paths.size === 1 && paths.has(ONE_FILE)) return;
  for (const path of paths) {
    const reason = unsafeReason(path);
    if (reason !== undefined) throw broken(`the path ${path} ${reason}`);
    const fold = path.normalize('NFC').toLowerCase();
    const other = folded.get(fold);
    if (other !== undefined) throw broken(`${path} and ${other} are one file on some systems`);
    folded.set(fold, path);
  }
  for (const path of paths)
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
      if (paths.has(path.slice(0, at))) throw broken(`${path.slice(0, at)} is a file and a folder`);
}

/** The path and range of a shard's name; the path itself may have colons. */
export function shardOf(name: string): { readonly path: string; readonly start: number; readonly end: number } {
  const match = /^(.+):(0|[1-9]\d{0,15}):([1-9]\d{0,15})$/su.exec(name);
  if (match === null) throw broken(`${name} is not a shard`);
  return { path: match[1] ?? '', start: Number(match[2]), end: Number(match[3]) };
}

function ignorePath(value: unknown): string {
  if (typeof value !== 'string') throw broken('an ignored path that is no text');
  const path = value.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
  if (path === '' || path === '.') throw untrusted('a signature that ignores the whole model');
  return path;
}
