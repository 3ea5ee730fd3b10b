import { formatRate } from '../units.js';

/** 0 is Monday. */
type Day = 0 | 1 | 2 | 3 | 4 | 5 | 6;

export interface TimetableEntry {
  /** Days on which its span begins; every day when absent. `from` may come after `to`: then it goes over the end of the week. */
  readonly days?: { readonly from: Day; readonly to: Day };
  /** Minutes of the day, the end excluded; the whole day when absent. An end before the start is one of the next day. */
  readonly span?: { readonly startMinute: number; readonly endMinute: number };
  /** Undefined: no limit. */
  readonly bytesPerSecond: number | undefined;
}

/** Which rate holds when, by the local clock. The first entry that covers a moment decides; where none does, there is no limit. */
export type Timetable = readonly TimetableEntry[];

export const DAY_NAMES = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
export const MINUTES_OF_DAY = 1440;
const DAYS = DAY_NAMES.length;

/** Bytes per second at that moment, as clocks on the wall show it; undefined for no limit. */
export function rateAt(timetable: Timetable, moment: Date): number | undefined {
  const day = (moment.getDay() + DAYS - 1) % DAYS;
  const minute = moment.getHours() * 60 + moment.getMinutes();
  return timetable.find((entry) => covers(entry, day, minute))?.bytesPerSecond;
}

/** Whether an entry covers a minute of a day (0 is Monday), the part of a span that lies in the next day included. */
export function covers({ days, span }: TimetableEntry, day: number, minute: number): boolean {
  const begins = (on: number): boolean => days === undefined || isWithin(on, days.from, days.to);
  if (span === undefined) return begins(day);
  const { startMinute, endMinute } = span;
  if (startMinute < endMinute) return begins(day) && minute >= startMinute && minute < endMinute;
  return minute >= startMinute ? begins(day) : minute < endMinute && begins((day + DAYS - 1) % DAYS);
}

function isWithin(day: number, from: number, to: number): boolean {
  return from <= to ? day >= from && day <= to : day >= from || day <= to;
}

/** As `parseTimetable` reads it; rates are rounded to three digits. */
export function formatTimetable(timetable: Timetable): string {
  return timetable.map(formatEntry).join(', ');
}

function formatEntry({ days, span, bytesPerSecond }: TimetableEntry): string {
  const parts: string[] = [];
  if (days !== undefined) {
    const from = DAY_NAMES[days.from];
    parts.push(days.from === days.to ? from : `${from}-${DAY_NAMES[days.to]}`);
  }
  if (span !== undefined) parts.push(`${clock(span.startMinute)}-${clock(span.endMinute)}`);
  return [...parts, bytesPerSecond === undefined ? 'none' : formatRate(bytesPerSecond)].join(' ');
}

function clock(minute: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
