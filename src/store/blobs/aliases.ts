import type { DigestAlgorithm, Digests } from '../../base/index.js';
import { calls } from '../files/calls.js';
import { writeHint } from '../files/write-atomic.js';
import { isSha256, type Layout } from '../layout.js';

/** Digests that identify content well enough to find it by. MD5 and the CRCs do not. */
const ALIASED = ['gitSha1', 'sha512', 'sha1'] as const satisfies readonly DigestAlgorithm[];

/** Makes the blob findable under its other digests. */
export async function writeAliases(layout: Layout, sha256: string, sizeBytes: number, digests: Digests): Promise<void> {
  for (const path of aliasPaths(layout, digests)) await writeHint(path, formatAlias(sha256, sizeBytes), layout.tmp);
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

export function parseAlias(text: string): { readonly sha256: string; readonly sizeBytes: number } | undefined {
  const [, sha256, size] = /^([0-9a-f]{64}) (\d{1,15})\n$/.exec(text) ?? [];
  if (sha256 === undefined || size === undefined || !isSha256(sha256)) return undefined;
  return { sha256, sizeBytes: Number(size) };
}

function isHex(text: string): boolean {
  return /^[0-9a-f]{8,128}$/.test(text);
}
