import { formatBytes, printable, type FileDifference, type Lang, type PlaceReport } from '../../base/index.js';
import { reasonText, say } from '../texts/index.js';
import type { Look } from './look.js';
import { renderTable } from './table.js';

/** Beyond this many files, only those that differ are named. */
const MOST_FILES = 40;

/** One line per other place: how many of the files it has. */
export function placeLines(places: readonly PlaceReport[], { lang }: Look): readonly string[] {
  return places.map(({ source, ref, agree, differ, lack, failure, unasked }) => {
    const who = { source: printable(source), ref: printable(ref) };
    if (unasked === 'not-a-public-hub') return say(lang, 'plan.unnamed', who);
    if (unasked !== undefined) return say(lang, 'plan.unasked', who);
    if (failure !== undefined) return say(lang, 'plan.failure', { ...who, reason: reasonText(lang, failure.code) });
    const all = agree.length + differ.length + lack.length;
    const some = (count: number): number | undefined => (count === 0 ? undefined : count);
    return say(lang, 'plan.agree', {
      ...who,
      agree: agree.length,
      all,
      differ: some(differ.length),
      lack: some(lack.length),
    });
  });
}

/** One line per file that was looked for: who else has it, and where it is another. */
export function agreementLines(places: readonly PlaceReport[], look: Look, columns: number): readonly string[] {
  const rows = rowsOf(places, look);
  const shown = rows.length > MOST_FILES ? rows.filter(({ differs }) => differs) : rows;
  return renderTable(
    [
      { title: '', shrinkTo: 20 },
      { title: '', shrinkTo: 12, cut: 'end' },
    ],
    shown.map(({ file, text }) => [file, text]),
    look,
    columns,
  );
}

/** What a file is here and there, in words that show the difference: sizes when they differ, else digests. */
export function differenceText(it: FileDifference, lang: Lang): { readonly ours: string; readonly theirs: string } {
  if (it.sizeBytes !== it.theirSizeBytes && it.theirSizeBytes !== null)
    return { ours: sizeText(it.sizeBytes), theirs: sizeText(it.theirSizeBytes) };
  const digest = (sha256: string | null): string => sha256?.slice(0, 12) ?? say(lang, 'plan.noDigest');
  return { ours: digest(it.sha256), theirs: digest(it.theirSha256) };
}

/** Two sizes that differ by a byte must not look the same. */
function sizeText(sizeBytes: number | null): string {
  return sizeBytes === null ? '?' : `${formatBytes(sizeBytes)} (${sizeBytes} B)`;
}

function rowsOf(
  places: readonly PlaceReport[],
  look: Look,
): readonly { readonly file: string; readonly text: string; readonly differs: boolean }[] {
  const parts = new Map<string, { same: string[]; other: string[] }>();
  const of = (file: string): { same: string[]; other: string[] } => {
    const known = parts.get(file) ?? { same: [], other: [] };
    parts.set(file, known);
    return known;
  };
  for (const { source, agree, differ, lack } of places) {
    for (const file of agree) of(file).same.push(printable(source));
    for (const difference of differ)
      of(difference.file).other.push(
        say(look.lang, 'plan.differs', { source: printable(source), ...differenceText(difference, look.lang) }),
      );
    for (const file of lack) of(file);
  }
  return [...parts]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([file, { same, other }]) => ({
      file: printable(file),
      text: [same.join(', '), ...other].filter((text) => text !== '').join('; ') || look.signs.dash,
      differs: other.length > 0,
    }));
}
