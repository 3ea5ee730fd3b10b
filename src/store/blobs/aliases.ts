import { dirname } from 'node:path';
import type { DigestAlgorithm, Digests } from '../../base/index.js';
import { calls } from '../files/calls.js';
import { jsonObject } from '../files/json-object.js';
import { inFolder, writeHint } from '../files/write-atomic.js';
import { isSha256, type Layout } from '../layout.js';

/** Digests that identify content well enough to find it by. MD5 and the CRCs do not. */
const ALIASED = ['gitSha1', 'sha512', 'sha1'] as const satisfies readonly DigestAlgorithm[];

export interface Alias {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * Makes the blob findable under its other digests. Each is one more name of its stamp, which says all that an alias does: of thousands of small
 * files that spares an inode each. Without a stamp, or where names cannot be added, it is a file of its own.
 */
export async function writeAliases(layout: Layout, sha256: string, sizeBytes: number, digests: Digests): Promise<void> {
  const stamp = layout.stamp(sha256);
  for (const path of aliasPaths(layout, digests)) {
    try {
      await inFolder(dirname(path), () => calls.link(stamp, path));
    } catch {
      await writeHint(path, formatAlias(sha256, sizeBytes), layout.tmp);
    }
  }
}

/** Where content with these digests may be found by one that is not its SHA-256. */
export function aliasPaths(layout: Layout, digests: Digests): string[] {
  return ALIASED.flatMap((algorithm) => {
    const hex = digests[algorithm];
    return hex === undefined || !isHex(hex) ? [] : [layout.alias(algorithm, hex)];
  });
}

/** The SHA-256 that any of the digests is known to stand for, when the size agrees too. */
export async function readAlias(
  layout: Layout,
  digests: Digests,
  sizeBytes: number | undefined,
): Promise<string | undefined> {
  for (const path of aliasPaths(layout, digests)) {
    const text = await calls.readFileIf(path);
    const alias = text === undefined ? undefined : parseAlias(text.toString('latin1'));
    if (alias !== undefined && (sizeBytes === undefined || sizeBytes === alias.sizeBytes)) return alias.sha256;
  }
  return undefined;
}

/** `<sha256> <size>\n`. */
export function formatAlias(sha256: string, sizeBytes: number): string {
  return `${sha256} ${sizeBytes}\n`;
}

/** Never throws: undefined for what is neither `formatAlias` nor a stamp. */
export function parseAlias(text: string): Alias | undefined {
  const [, sha256, size] = /^([0-9a-f]{64}) (\d{1,15})\n$/.exec(text) ?? [];
  return sha256 === undefined ? aliasOfStamp(text) : { sha256, sizeBytes: Number(size) };
}

/** Whoever reads the blob looks at its stamp again: of which version this one is, and what else it says, is no matter. */
function aliasOfStamp(text: string): Alias | undefined {
  const { sha256, sizeBytes } = jsonObject(text) ?? {};
  if (typeof sha256 !== 'string' || !isSha256(sha256)) return undefined;
  if (typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0) return undefined;
  return { sha256, sizeBytes };
}

function isHex(text: string): boolean {
  return /^[0-9a-f]{8,128}$/.test(text);
}
