import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SluiceError } from '../base/index.js';
import { parseRef } from '../hubs/index.js';
import type { Host } from './host.js';
import { say } from './texts/index.js';
import type { Lang } from '../base/index.js';

/** Refs of a list: one per line, blank lines and what follows ` #` left out. */
export function parseRefList(content: string): readonly string[] {
  return content
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** @throws SluiceError USAGE when the list cannot be read */
export async function readRefList(path: string, host: Host, lang: Lang): Promise<readonly string[]> {
  try {
    if (path !== '-') return parseRefList(await readFile(resolve(host.cwd, path), 'utf8'));
    const chunks: Buffer[] = [];
    for await (const chunk of host.stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    return parseRefList(Buffer.concat(chunks).toString('utf8'));
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new SluiceError('USAGE', { reason: say(lang, 'usage.noList', { path, reason }) });
  }
}

/**
 * Patterns take every value up to the next option (`--include A B C`), so a ref behind them lands among them.
 * What names its scheme is a ref wherever it stands; and when no ref is left, the last value that has the shape
 * `org/name` is the one.
 */
export function separateRefs(
  refs: readonly string[],
  include: readonly string[],
  exclude: readonly string[],
): { refs: readonly string[]; include: readonly string[]; exclude: readonly string[] } {
  const spelledOut = (value: string): boolean => /^(?:hf|ms|https?):/i.test(value);
  const found = [...include, ...exclude].filter(spelledOut);
  const all = [...refs, ...found];
  const patterns = { include: include.filter((v) => !spelledOut(v)), exclude: exclude.filter((v) => !spelledOut(v)) };
  if (all.length > 0) return { refs: all, ...patterns };
  for (const name of ['exclude', 'include'] as const) {
    const last = patterns[name].at(-1);
    if (last === undefined || !looksLikeRepository(last)) continue;
    return { ...patterns, [name]: patterns[name].slice(0, -1), refs: [last] };
  }
  return { refs: [], ...patterns };
}

function looksLikeRepository(text: string): boolean {
  if (!/^[^/*?[\]]+\/[^/*?[\]]+$/.test(text)) return false;
  try {
    parseRef(text);
    return true;
  } catch {
    return false;
  }
}

/** The hub whose token `--token` is. @throws SluiceError USAGE when the refs are of both */
export function tokenHub(refs: readonly string[], lang: Lang): 'hf' | 'ms' {
  const ms = refs.filter((ref) => /^(?:ms:|https?:\/\/(?:www\.)?modelscope\.)/i.test(ref));
  if (ms.length === 0) return 'hf';
  if (ms.length < refs.length) throw new SluiceError('USAGE', { reason: say(lang, 'usage.tokenMany') });
  return 'ms';
}
