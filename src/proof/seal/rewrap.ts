import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { errnoOf, SluiceError } from '../../base/index.js';
import { bytesOf, writeExactly, type ReadableBytes } from './bytes.js';
import { payloadBytes } from './chunks.js';
import { formatHeader, parseHeader, type SealRecipient } from './header.js';
import { headerMac } from './key-schedule.js';
import type { SealKey, SealTarget } from './keys.js';
import { readSealHeader } from './open-sealed.js';
import { fileKeyOf, wrapFor } from './recipients.js';

export interface RewrapOptions {
  /** What opens it now. */
  readonly keys: readonly SealKey[];
  readonly add: readonly SealTarget[];
  /** Key ids of recipients that are left out. */
  readonly remove: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Changes for whom a file is sealed; of its payload no byte is read or written. Whoever had the key keeps what the key opens: this is no revocation.
 * The new header stands beside the file before it is written into it, so that a crash in between is mended by the next call.
 * @throws SluiceError WRONG_KEY, BROKEN_SEAL, USAGE when nobody would be left or the header has no room for so many
 */
export async function rewrapFile(
  path: string,
  { keys, add, remove, signal }: RewrapOptions,
): Promise<readonly string[]> {
  const beside = `${path}.sluice-header`;
  const file = await open(path, 'r+');
  try {
    const left = await readFile(beside).catch((thrown: unknown) => {
      if (errnoOf(thrown) === 'ENOENT') return undefined;
      throw thrown;
    });
    if (left !== undefined && (await isOfTornFile(left, await bytesOf(file), path))) {
      await writeExactly(file, [left], 0);
      await file.sync();
    }
    await rm(beside, { force: true });
    const { header, payloadAt } = await readSealHeader(await bytesOf(file), path);
    const fileKey = await fileKeyOf(header, keys, path, signal);
    const { mac: _, ...rest } = header;
    const recipients: SealRecipient[] = header.recipients.filter(({ kid }) => !remove.includes(kid));
    for (const target of add) recipients.push(await wrapFor(target, fileKey, header, signal));
    if (recipients.length === 0) throw new SluiceError('USAGE', { reason: 'nobody would be left to open it' });
    const next = { ...rest, recipients };
    const head = formatHeader({ ...next, mac: headerMac(fileKey, next).toString('base64') }, payloadAt);
    if (head === undefined)
      throw new SluiceError('USAGE', { reason: `${path} has no room for so many keys: unseal it and seal it again` });
    // What would not be read again is not written.
    parseHeader(head, path);
    await writeFile(beside, head, { mode: 0o600, flag: 'wx', flush: true });
    await writeExactly(file, [head], 0);
    await file.sync();
    await rm(beside);
    return recipients.map(({ kid }) => kid);
  } finally {
    await file.close();
  }
}

/** A header beside a file is used when the file's own cannot be read and this one is whole and of a file that long: anything else was not written into it, or wholly. */
async function isOfTornFile(left: Buffer, bytes: ReadableBytes, path: string): Promise<boolean> {
  const isReadable = await readSealHeader(bytes, path).then(
    () => true,
    () => false,
  );
  if (isReadable) return false;
  try {
    return left.length + payloadBytes(parseHeader(left, path)) === bytes.sizeBytes;
  } catch {
    return false;
  }
}
