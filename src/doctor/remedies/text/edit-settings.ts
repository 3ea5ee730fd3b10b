import { SluiceError } from '../../../base/index.js';
import { bytesOf, linesOf, marked, withoutBlock } from './lines.js';

export interface Assignment {
  /** Of the block around it. */
  readonly name: string;
  /** Undefined for settings that stand before any section. */
  readonly section?: string;
  /** Whether a name, in lower case, is that of the setting. */
  readonly isKey: (name: string) => boolean;
  readonly line: string;
  /** Whether lines that begin with blanks go on with the setting above them (Python's configparser). */
  readonly hasContinuations: boolean;
}

const COMMENT = /^\s*(?:[#;]|$)/;

/**
 * A file of `name = value` lines in `[sections]` with one value set, in a marked block where the setting stood before. Other lines stay as they are.
 * @throws SluiceError FILE_UNFIT
 */
export function setInSettings(bytes: Buffer | undefined, path: string, assignment: Assignment): Buffer {
  const { lines, eol } = linesOf(bytes, path);
  const { section, line, hasContinuations } = assignment;
  const first = lines.find((each) => !COMMENT.test(each));
  if (section !== undefined && first !== undefined && sectionOf(first) === undefined)
    throw new SluiceError('FILE_UNFIT', { path, reason: 'a setting stands before the first [section]' });
  const { rest, at } = withoutBlock(assignment.name, lines, path);
  const kept: string[] = [];
  let [here, place, isOurs]: [string | undefined, number | undefined, boolean] = [undefined, at, false];
  let header: number | undefined;
  let firstSection: number | undefined;
  for (const each of rest) {
    const opened = sectionOf(each);
    if (opened !== undefined) {
      here = opened;
      isOurs = false;
      firstSection ??= kept.length;
      if (opened === section) header ??= kept.length + 1;
    } else if (isOurs && hasContinuations && /^\s+\S/.test(each)) {
      continue;
    } else {
      const name = COMMENT.test(each) ? undefined : /^\s*([^=:]+?)\s*[=:]/.exec(each)?.[1];
      isOurs = here === section && name !== undefined && assignment.isKey(name.toLowerCase());
      if (isOurs) {
        place ??= kept.length;
        continue;
      }
    }
    kept.push(each);
  }
  place ??= section === undefined ? (firstSection ?? kept.length) : header;
  const added =
    place === undefined
      ? [...kept, ...(kept.length > 0 ? [''] : []), `[${section ?? ''}]`, ...marked(assignment.name, line)]
      : [...kept.slice(0, place), ...marked(assignment.name, line), ...kept.slice(place)];
  return bytesOf({ lines: added, eol });
}

function sectionOf(line: string): string | undefined {
  return /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.trim();
}

/** A text with a marked block at its end, or where an earlier one was. @throws SluiceError FILE_UNFIT */
export function setBlock(bytes: Buffer | undefined, path: string, name: string, ...block: readonly string[]): Buffer {
  const { lines, eol } = linesOf(bytes, path);
  const { rest, at = rest.length } = withoutBlock(name, lines, path);
  return bytesOf({ lines: [...rest.slice(0, at), ...marked(name, ...block), ...rest.slice(at)], eol });
}
