import type { PingFacts, RouteFacts } from '../facts.js';
import type { Evidence } from '../report.js';
import { THRESHOLDS } from './thresholds.js';

/**
 * The first hop from which on everybody loses, to the host itself. A router that answers worse than one behind it has other things to do, and loses
 * nothing that passes; one that does not answer at all says nothing. Undefined where the host does not answer, or lost nothing this time.
 */
export function lossBegins(route: RouteFacts | undefined): Evidence | undefined {
  const answered = (route?.hops ?? []).flatMap(({ hop, address, ping }) =>
    ping === undefined ? [] : [{ hop, address, share: shareOf(ping) }],
  );
  const end = answered.at(-1);
  if (end === undefined || end.address !== route?.to || end.share < THRESHOLDS.lossShare) return undefined;
  const lastClean = answered.findLastIndex(({ share }) => share < end.share * THRESHOLDS.sameLossShare);
  const [before, at] = [answered[lastClean], answered[lastClean + 1]];
  if (at === undefined) return undefined;
  return { hop: at.hop, at: at.address, ...(before === undefined ? {} : { before: before.address }) };
}

function shareOf({ lost, sent }: PingFacts): number {
  return lost / sent;
}
