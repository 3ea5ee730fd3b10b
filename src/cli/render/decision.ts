import { formatBytes, formatDuration, formatRate, type Lang, type SluiceEvent } from '../../base/index.js';
import type { RecordedDecision } from '../api.js';
import { reasonText, say, type TextKey } from '../texts/index.js';

const WHY = {
  climb: 'decision.climb',
  flat: 'decision.flat',
  collapse: 'decision.collapse',
  ease: 'decision.ease',
  needed: 'decision.needed',
  refused: 'decision.refused',
  degraded: 'decision.lessTrusted',
} as const satisfies Readonly<Record<string, TextKey>>;

/** One decision of a pull, in a line: what, and the numbers that made it. */
export function decisionText({ event, more }: RecordedDecision, lang: Lang): string {
  const text = textOf(event, lang);
  return more === undefined ? text : say(lang, 'decision.more', { text, count: more });
}

function textOf(event: RecordedDecision['event'], lang: Lang): string {
  const { source } = event;
  switch (event.type) {
    case 'scheduler.connections': {
      const { from, to, goodputBefore, goodputAfter } = event;
      const why = say(lang, WHY[event.reason]);
      const isMeasured = goodputBefore > 0 && event.reason !== 'refused' && event.reason !== 'degraded';
      const rates = isMeasured ? { before: formatRate(goodputBefore), after: formatRate(goodputAfter) } : {};
      return say(lang, 'decision.connections', { source, from, to, why, ...rates });
    }
    case 'scheduler.taken-back': {
      const { file, to, silentMs, leftMs, thenMs } = event;
      if (event.reason === 'silent')
        return say(lang, 'decision.silent', { source, file, time: formatDuration(silentMs) });
      const times = { time: formatDuration(leftMs ?? 0), then: formatDuration(thenMs ?? 0) };
      return say(lang, 'decision.sooner', { source, file, to: to ?? '', ...times });
    }
    case 'scheduler.redialled': {
      const { tried, helped, bytesPerSecond, siblingBytesPerSecond } = event;
      const rates = { rate: formatRate(bytesPerSecond), sibling: formatRate(siblingBytesPerSecond) };
      return say(lang, 'decision.redialled', { source, tried, helped, ...rates });
    }
    case 'source.degraded': {
      if (event.reason === 'silent') return say(lang, 'decision.allSilent', { source });
      if (event.reason === 'failures')
        return say(lang, 'decision.failures', { source, share: Math.round(event.failedShare * 100) });
      const { roundTripMs, to, toRoundTripMs } = event;
      return say(lang, 'decision.roundTrip', { source, now: roundTripMs, to: to ?? '', then: toRoundTripMs ?? 0 });
    }
    case 'source.recovered':
      return say(lang, 'decision.recovered', { source });
    case 'source.small-requests':
      return smallRequestsText(event, lang);
    case 'source.doubted': {
      const { file, startByte, endByte, sha256, otherSha256, others, againBytes } = event;
      const where = { source, file, range: `${startByte}-${endByte - 1}` };
      if (event.reason === 'undecided') return say(lang, 'decision.undecided', where);
      const digests = { digest: sha256?.slice(0, 12) ?? '', other: otherSha256?.slice(0, 12) ?? '' };
      const values = { ...where, ...digests, others: others.join(', ') };
      if (event.reason === 'slipped') return say(lang, 'decision.slipped', values);
      return say(lang, 'decision.setAside', { ...values, bytes: formatBytes(againBytes) });
    }
    case 'source.banned':
      return say(lang, 'decision.banned', { source, reason: reasonText(lang, event.code) });
    case 'source.waiting':
      return say(lang, 'decision.waiting', { source, time: formatDuration(event.waitMs), reason: event.reason });
  }
}

type SmallRequests = Extract<SluiceEvent, { type: 'source.small-requests' }>;

/** What cuts connections, and what is done about it. */
export function smallRequestsText(event: SmallRequests, lang: Lang): string {
  const { source, reason, afterBytes, afterMs, cuts, requestBytes } = event;
  const after = reason === 'size' ? formatBytes(afterBytes) : formatDuration(afterMs);
  return say(lang, 'decision.smallRequests', { source, count: cuts, after, bytes: formatBytes(requestBytes) });
}
