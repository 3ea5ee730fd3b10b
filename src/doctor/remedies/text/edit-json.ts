import { SluiceError } from '../../../base/index.js';
import { textOf } from './lines.js';

/**
 * A JSON object in a file with one of its members set; every other character stays as it is.
 * @throws SluiceError FILE_UNFIT for what is no JSON object, or names the member twice
 */
export function setInJson(
  bytes: Buffer | undefined,
  path: string,
  key: string,
  change: (before: unknown) => unknown,
): Buffer {
  const text = bytes === undefined ? '' : textOf(bytes, path);
  if (text.trim() === '') return Buffer.from(`${JSON.stringify({ [key]: change(undefined) }, undefined, 2)}\n`);
  const object = parseObject(text, path);
  const indent = /\n([ \t]+)"/.exec(text)?.[1];
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const shown = (value: unknown): string => {
    const json = JSON.stringify(value, undefined, indent);
    return indent === undefined ? json : json.replaceAll('\n', eol + indent);
  };
  const members = membersOf(text).filter(({ name }) => name === key);
  const [member, second] = members;
  if (second !== undefined) throw new SluiceError('FILE_UNFIT', { path, reason: `it has "${key}" twice` });
  const value = change(Object.hasOwn(object, key) ? object[key] : undefined);
  if (member !== undefined) return Buffer.from(text.slice(0, member.start) + shown(value) + text.slice(member.end));
  const open = text.indexOf('{') + 1;
  const rest = text.slice(open);
  const isEmpty = Object.keys(object).length === 0;
  const gap = indent === undefined ? '' : eol + indent;
  const tail = isEmpty && indent !== undefined ? eol : '';
  const added = `${gap}${JSON.stringify(key)}:${indent === undefined ? '' : ' '}${shown(value)}${isEmpty ? tail : ','}`;
  return Buffer.from(text.slice(0, open) + added + rest);
}

function parseObject(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (thrown) {
    throw new SluiceError('FILE_UNFIT', { path, reason: 'it is not valid JSON' }, { cause: thrown });
  }
  throw new SluiceError('FILE_UNFIT', { path, reason: 'it is no JSON object' });
}

interface Member {
  readonly name: string;
  /** Where its value begins and ends. */
  readonly start: number;
  readonly end: number;
}

/** The members of the outermost object of a text that JSON.parse took. */
function membersOf(text: string): readonly Member[] {
  const members: Member[] = [];
  let depth = 0;
  let name: string | undefined;
  let start: number | undefined;
  const close = (at: number): void => {
    if (name !== undefined && start !== undefined) {
      const length = text.slice(start, at).trimEnd().length;
      members.push({ name, start, end: start + length });
    }
    [name, start] = [undefined, undefined];
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    const isBlank = /\s/.test(character);
    if (depth === 1 && name !== undefined && start === undefined && !isBlank && character !== ':') start = at;
    if (character === '"') {
      const from = at;
      for (at += 1; text.charAt(at) !== '"'; at += 1) if (text.charAt(at) === '\\') at += 1;
      if (depth === 1 && name === undefined) name = String(JSON.parse(text.slice(from, at + 1)));
    } else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      if (depth === 1) close(at);
      depth -= 1;
    } else if (character === ',' && depth === 1) close(at);
  }
  return members;
}
