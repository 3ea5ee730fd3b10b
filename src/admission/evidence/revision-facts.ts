import { parseGgufHeader } from '../../scan/index.js';
import { isLicenceFile, parseFrontMatter, recogniseLicence } from '../licence/index.js';
import type { DeclaredFacts } from '../port.js';

/** Where facts about a revision stand. */
export interface FactSources {
  readonly paths: readonly string[];
  /** The first `mostBytes` of a file; undefined where it cannot be had. */
  readonly read: (
    path: string,
    mostBytes: number,
  ) => Promise<{ readonly bytes: Buffer; readonly sizeBytes: number } | undefined>;
}

const MOST_TEXT_BYTES = 1024 * 1024;
const MOST_HEADER_BYTES = 64 * 1024;

/** What a revision says of its licence and its origin: the head of its card, the text of its licence, and where these are silent, the metadata of a GGUF file. */
export async function gatherFacts({ paths, read }: FactSources): Promise<DeclaredFacts> {
  const textOf = async (path: string | undefined): Promise<string | undefined> =>
    path === undefined ? undefined : (await read(path, MOST_TEXT_BYTES))?.bytes.toString('utf8');
  const card = parseFrontMatter((await textOf(paths.find((path) => path === 'README.md'))) ?? '');
  const texts = await Promise.all(paths.filter(isLicenceFile).slice(0, 4).map(textOf));
  const recognised = texts.flatMap((text) => (text === undefined ? [] : (recogniseLicence(text) ?? []))).at(0);
  const declared = card.licence === 'other' ? (card.licenceName ?? card.licence) : card.licence;
  const fromFile = declared === undefined ? await ggufLicence(paths, read) : undefined;
  return { licence: { declared: declared ?? fromFile, recognised }, baseModels: card.baseModels };
}

async function ggufLicence(paths: readonly string[], read: FactSources['read']): Promise<string | undefined> {
  const path = paths.find((each) => each.toLowerCase().endsWith('.gguf'));
  const start = path === undefined ? undefined : await read(path, MOST_HEADER_BYTES);
  if (start === undefined) return undefined;
  try {
    const licence = parseGgufHeader(start.bytes, start.sizeBytes).metadata.get('general.license');
    return typeof licence === 'string' ? licence.slice(0, 200) : undefined;
  } catch {
    // That the file is broken is for the scan to say.
    return undefined;
  }
}
