import { parseRate } from '../units.js';
import { DAY_NAMES, MINUTES_OF_DAY, covers, type Timetable, type TimetableEntry } from './timetable.js';

const MOST_ENTRIES = 32;
/** A petabyte a second: above it the arithmetic of whole numbers would suffer. */
const MOST_BYTES_PER_SECOND = 1e15;
const ENTRY = /^(?:([a-z]+(?:-[a-z]+)?)\s+)?(?:(\d{1,2}:\d\d-\d{1,2}:\d\d)\s+)?(\S.*)$/i;

/** The text is no timetable; the message says why, for people. */
export class NoTimetable extends Error {}

/**
 * `RATE`, or `[DAYS] [FROM-TO] RATE, ...`: `Mon-Fri 08:00-18:00 20MB/s, none`. Days are Mon to Sun, one or a range; times are `HH:MM`
 * up to 24:00, a span that ends before it starts goes over midnight and belongs to the day on which it starts; a rate is as in
 * `parseRate`, or `none`. Every entry must apply to some minute of the week that no earlier one covers.
 * @throws NoTimetable
 */
export function parseTimetable(text: string): Timetable {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length > MOST_ENTRIES) throw new NoTimetable(`write at most ${MOST_ENTRIES} entries`);
  const timetable = parts.map((part) => parseEntry(part, parts.length > 1));
  const idle = firstIdle(timetable);
  if (idle !== undefined)
    throw new NoTimetable(`"${parts[idle] ?? ''}" never applies: earlier entries cover all of it`);
  return timetable;
}

function parseEntry(text: string, isOneOfMany: boolean): TimetableEntry {
  if (text === '' && isOneOfMany) throw new NoTimetable('there is an empty entry between commas');
  const [, days, span, rate = ''] = ENTRY.exec(text) ?? [];
  return {
    ...(days === undefined ? {} : { days: parseDays(days) }),
    ...(span === undefined ? {} : { span: parseSpan(span) }),
    bytesPerSecond: parseLimit(rate, text),
  };
}

function parseDays(text: string): NonNullable<TimetableEntry['days']> {
  const [from = '', to = from] = text.split('-');
  return { from: parseDay(from), to: parseDay(to) };
}

function parseDay(text: string): 0 | 1 | 2 | 3 | 4 | 5 | 6 {
  const index = DAY_NAMES.findIndex((name) => name.toLowerCase() === text.toLowerCase());
  if (index < 0) throw new NoTimetable(`"${text}" is no day: write ${DAY_NAMES.join(', ')}`);
  return index as 0 | 1 | 2 | 3 | 4 | 5 | 6;
}

function parseSpan(text: string): NonNullable<TimetableEntry['span']> {
  const [start = '', end = ''] = text.split('-');
  const [startMinute, endMinute] = [parseClock(start), parseClock(end)];
  if (startMinute === MINUTES_OF_DAY)
    throw new NoTimetable('a time that starts at 24:00 starts at 00:00 of the next day');
  if (startMinute === endMinute) throw new NoTimetable(`${text} is empty: write 00:00-24:00 for the whole day`);
  return { startMinute, endMinute };
}

function parseClock(text: string): number {
  const [hours = Number.NaN, minutes = Number.NaN] = text.split(':').map(Number);
  const minute = hours * 60 + minutes;
  if (minutes > 59 || minute > MINUTES_OF_DAY) throw new NoTimetable(`${text} is no time of day: write 00:00 to 24:00`);
  return minute;
}

function parseLimit(rate: string, entry: string): number | undefined {
  if (/^(?:none|0)$/i.test(rate)) return undefined;
  const bytesPerSecond = parseRate(rate);
  if (bytesPerSecond !== undefined && bytesPerSecond >= 1 && bytesPerSecond <= MOST_BYTES_PER_SECOND)
    return bytesPerSecond;
  const hint = 'write a rate such as 20MB/s or 100Mbit/s, or none; with times: 08:00-18:00 20MB/s, none';
  throw new NoTimetable(entry === '' ? hint : `"${entry}" is not understood: ${hint}`);
}

/** Index of the first entry that no minute of the week is left for. */
function firstIdle(timetable: Timetable): number | undefined {
  const used = new Set<number>();
  for (let day = 0; day < DAY_NAMES.length; day += 1) {
    for (let minute = 0; minute < MINUTES_OF_DAY; minute += 1) {
      used.add(timetable.findIndex((entry) => covers(entry, day, minute)));
    }
  }
  const idle = timetable.findIndex((_, index) => !used.has(index));
  return idle < 0 ? undefined : idle;
}
