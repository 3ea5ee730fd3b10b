import { printable } from '../../base/index.js';
import type { HostFacts } from '../../doctor/index.js';
import { say } from '../texts/index.js';
import type { Look } from './look.js';
import { shortTime } from './short-time.js';
import { displayWidth, wrap, wrapList } from './width.js';

/** `Date` has whole seconds, and the way takes some of one: less is nothing. */
const CLOCK_SECONDS = 2;

/** What the table has no room for: a few words of each host, in lines of their own. */
export function hostDetails(hosts: readonly HostFacts[], look: Look, columns: number): readonly string[] {
  const [dim, dot] = [look.style.dim, ` ${look.signs.dot} `];
  return hosts.flatMap((facts) => {
    const words = detailsOf(facts, look);
    if (words.length === 0) return [];
    const lines = [...wrapList(words, dot, columns - 2), ...hopsOf(facts, look, columns - 2)];
    return ['', ...wrap(printable(facts.host), columns), ...lines.map((line) => `  ${dim(line)}`)];
  });
}

/** Who stands on the way and what each loses, where that was looked for. */
function hopsOf({ route }: HostFacts, { lang, signs }: Look, width: number): readonly string[] {
  if (route === undefined) return [];
  const hops = route.hops.map(({ hop, address, ping }) => {
    const lost = ping === undefined ? {} : { percent: Math.round((ping.lost / ping.sent) * 100) };
    return say(lang, 'doctor.hop', { hop, address: printable(address), ...lost });
  });
  const none = say(lang, route.tool === 'none' ? 'doctor.noHopTool' : 'doctor.noHops');
  const label = `${say(lang, 'doctor.hops')}: `;
  const lines = wrapList(hops.length === 0 ? [none] : hops, ` ${signs.dot} `, width - displayWidth(label));
  return lines.map((line, index) => (index === 0 ? label : ' '.repeat(displayWidth(label))) + line);
}

function detailsOf({ proxy, addresses, ping, tls, answer, goodput }: HostFacts, { lang }: Look): readonly string[] {
  const times = addresses.flatMap(({ connectMs }) => connectMs);
  const clock = Math.round((answer?.clockAheadMs ?? 0) / 1000);
  const limit = goodput.reduce((last, { rateLimit }) => rateLimit ?? last, answer?.rateLimit);
  const maybe = (is: boolean, text: () => string): readonly string[] => (is ? [text()] : []);
  const range = ping === undefined ? times : [ping.leastMs, ping.mostMs];
  return [
    ...maybe(proxy !== undefined, () => say(lang, 'doctor.proxy', { proxy: printable(proxy ?? '') })),
    ...addresses.map(({ address }) => printable(address)),
    ...maybe(range.length > 0, () =>
      say(lang, 'doctor.roundTrip', { least: shortTime(Math.min(...range)), most: shortTime(Math.max(...range)) }),
    ),
    ...maybe(ping?.jitterMs !== undefined, () => say(lang, 'doctor.jitter', { time: shortTime(ping?.jitterMs ?? 0) })),
    ...maybe(ping !== undefined, () =>
      say(lang, 'doctor.lost', { percent: Math.round(((ping?.lost ?? 0) / (ping?.sent ?? 1)) * 100) }),
    ),
    ...(tls === undefined ? [] : [tls.version, say(lang, 'doctor.authority', { authority: printable(tls.authority) })]),
    ...maybe(limit !== undefined, () =>
      say(lang, 'doctor.left', { count: limit?.remaining ?? 0, time: shortTime(limit?.resetMs ?? 0) }),
    ),
    ...maybe(answer?.sendsTo !== undefined, () =>
      say(lang, 'doctor.leadsTo', { host: printable(answer?.sendsTo ?? '') }),
    ),
    ...maybe(answer?.servesRanges === false && goodput.length > 0, () => say(lang, 'doctor.noRanges')),
    ...maybe(Math.abs(clock) >= CLOCK_SECONDS, () => say(lang, 'doctor.clock', { seconds: clock })),
  ];
}
