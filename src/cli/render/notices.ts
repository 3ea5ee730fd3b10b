import { formatBytes, formatDuration, formatRate, printable, type Lang, type SluiceEvent } from '../../base/index.js';
import { reasonText, say, type TextKey } from '../texts/index.js';
import { smallRequestsText } from './decision.js';
import { admissionText } from './admission-notice.js';
import { differenceText } from './elsewhere.js';
import type { Line } from './line.js';
import { matchEvent } from './match-event.js';

/** The same notice of the same source comes again only after this long. */
const QUIET_MS = 30_000;

/** Turns what went otherwise than planned into words, and leaves out what was said a moment ago. */
export function createNotices(lang: Lang, now: () => number): (event: SluiceEvent) => Line | undefined {
  const lastMs = new Map<string, number>();
  return (event) => {
    const found = noticeOf(event, lang);
    if (found === undefined) return undefined;
    const before = lastMs.get(found.key);
    if (before !== undefined && now() - before < QUIET_MS) return undefined;
    lastMs.set(found.key, now());
    return found;
  };
}

/** Shorter waits are over before they are read. */
const WORTH_SAYING_MS = 1000;

/** Notices that have words of their own; others are shown as they come. */
const KNOWN_NOTICES: Readonly<Record<string, TextKey | undefined>> = {
  STALE: 'notice.stale',
  UNPROVEN: 'notice.unproven',
  OTHER_HUB: 'notice.otherHub',
};

interface KeyedNotice extends Line {
  readonly key: string;
}

function noticeOf(event: SluiceEvent, lang: Lang): KeyedNotice | undefined {
  const warning = (key: string, text: string): KeyedNotice => ({ sign: 'warn', key, text });
  const info = (key: string, text: string): KeyedNotice => ({ sign: 'dot', key, text });
  return matchEvent<KeyedNotice | undefined>(event, {
    'piece.failed': ({ source, code, retryInMs }) => {
      const time = retryInMs !== null && retryInMs >= WORTH_SAYING_MS ? formatDuration(retryInMs) : undefined;
      const values = { source, reason: reasonText(lang, code), time };
      return warning(`piece ${source} ${code}`, say(lang, 'notice.pieceFailed', values));
    },
    'piece.wrong': ({ source, file, index }) => {
      const values = { source, file, index };
      return warning(`wrong ${source} ${file} ${index}`, say(lang, 'notice.pieceWrong', values));
    },
    'source.doubted': ({ source, file, reason, others, againBytes }) => {
      if (reason !== 'set-aside') return undefined;
      const values = { source, file, others: others.join(', '), bytes: formatBytes(againBytes) };
      return warning(`doubted ${source} ${file}`, say(lang, 'notice.setAside', values));
    },
    'source.banned': ({ source, code }) =>
      warning(`banned ${source}`, say(lang, 'notice.banned', { source, reason: reasonText(lang, code) })),
    'source.small-requests': (event) => warning(`small ${event.source}`, smallRequestsText(event, lang)),
    'source.found': ({ source, ref, agree, agreeBytes }) =>
      agree === 0
        ? undefined
        : info(
            `found ${source} ${ref}`,
            say(lang, 'notice.found', { source, ref, count: agree, bytes: formatBytes(agreeBytes) }),
          ),
    'source.differs': ({ source, ...difference }) => {
      const values = { source, file: difference.file, ...differenceText(difference, lang) };
      return info(`differs ${source}`, say(lang, 'notice.differs', values));
    },
    'source.waiting': ({ source, waitMs }) =>
      waitMs < WORTH_SAYING_MS
        ? undefined
        : warning(`waiting ${source}`, say(lang, 'notice.waiting', { source, time: formatDuration(waitMs) })),
    'source.refreshed': ({ source, reason }) =>
      info(`refreshed ${source}`, say(lang, 'notice.refreshed', { source, reason })),
    'file.adopted': ({ file, bytes, from }) => {
      const values = { file, bytes: formatBytes(bytes), from };
      return info(`adopted ${file}`, say(lang, 'notice.adopted', values));
    },
    'file.waiting': ({ file, holder }) => {
      const values = { file, holder };
      return info(`holder ${holder}`, say(lang, 'notice.holder', values));
    },
    'file.failed': ({ file, code }) => {
      const values = { file, reason: reasonText(lang, code) };
      return warning(`failed ${file}`, say(lang, 'notice.fileFailed', values));
    },
    'admission.decided': (event) => {
      const text = admissionText(event, lang);
      return text === undefined ? undefined : warning(`admission ${event.ref}`, text);
    },
    'limit.changed': ({ limitBytesPerSecond, reason }) => {
      if (reason !== 'timetable') return undefined;
      const rate = limitBytesPerSecond === null ? undefined : formatRate(limitBytesPerSecond);
      return info(`limit ${rate}`, say(lang, rate === undefined ? 'notice.noLimit' : 'notice.limit', { rate }));
    },
    notice: ({ code, message }) => {
      const key = KNOWN_NOTICES[code];
      const text = key === undefined ? printable(message) : say(lang, key, { message });
      return code === 'STALE' || code === 'OTHER_HUB'
        ? warning(`notice ${code}`, text)
        : info(`notice ${code} ${message}`, text);
    },
  });
}
