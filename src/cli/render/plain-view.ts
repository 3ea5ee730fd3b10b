import { formatBytes, formatDuration, formatRate, type SluiceEvent } from '../../base/index.js';
import type { OutputStream } from '../host.js';
import { say } from '../texts/index.js';
import { percent } from './bar.js';
import type { EventView } from './event-view.js';
import { layLine } from './line.js';
import type { Look } from './look.js';
import { createMilestones } from './milestones.js';
import { createNotices } from './notices.js';
import { padStart } from './width.js';

const EVERY_MS = 10_000;
const EVERY_PERCENT = 10;
/** Even tenths come no closer than this: short pulls print a few lines, not ten. */
const AT_LEAST_MS = 2000;

/** Lines for logs: what is resolved, planned, proven and done, and the progress every ten seconds or ten percent. */
export function createPlainView(look: Look, stream: OutputStream, now: () => number): EventView {
  const milestones = createMilestones(look);
  const notices = createNotices(look.lang, now);
  const write = (line: string): void => void stream.write(`${line}\n`);
  let lastMs: number | undefined;
  let lastTenth = 0;
  const due = (event: Extract<SluiceEvent, { type: 'progress' }>): boolean => {
    lastMs ??= now();
    const tenth = event.totalBytes ? Math.floor(((event.doneBytes / event.totalBytes) * 100) / EVERY_PERCENT) : 0;
    const sinceMs = now() - lastMs;
    if (sinceMs < EVERY_MS && !(tenth > lastTenth && sinceMs >= AT_LEAST_MS)) return false;
    [lastMs, lastTenth] = [now(), tenth];
    return true;
  };
  return {
    emit: (event) => {
      const notice = notices(event);
      const lines = notice === undefined ? milestones(event) : [notice];
      // Logs are searched, so their lines are whole.
      for (const line of lines.flatMap((one) => layLine(one, look, Number.POSITIVE_INFINITY))) write(line);
      if (event.type === 'ref.resolved') [lastMs, lastTenth] = [undefined, 0];
      if (event.type === 'progress' && due(event)) write(progressLine(event, look));
    },
    settle: () => undefined,
  };
}

function progressLine(event: Extract<SluiceEvent, { type: 'progress' }>, { lang, signs }: Look): string {
  const { doneBytes, totalBytes, bytesPerSecond, etaMs, filesDone, filesTotal, limitBytesPerSecond } = event;
  const done = formatBytes(doneBytes);
  const parts = [
    totalBytes === null ? done : say(lang, 'progress.of', { done, total: formatBytes(totalBytes) }),
    formatRate(bytesPerSecond),
    say(lang, 'progress.files', { done: filesDone, total: filesTotal }),
  ];
  if (limitBytesPerSecond !== undefined)
    parts.push(say(lang, 'progress.limit', { rate: formatRate(limitBytesPerSecond) }));
  if (etaMs !== null) parts.push(say(lang, 'progress.eta', { time: formatDuration(etaMs) }));
  return `  ${padStart(percent(doneBytes, totalBytes), 4)}  ${parts.join(` ${signs.dot} `)}`;
}
